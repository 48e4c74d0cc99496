"""Long work as rows: what is due and what is done. Celery only carries it out."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.enums import FINISHED_JOBS, ItemState, JobState
from cms.ids import uuid7
from cms.models.files import StoredFile
from cms.models.organisations import Organisation
from cms.querysets import OwnedQuerySet


class Job(models.Model):
    """One piece of background work with its progress; the rows are the truth, a message only wakes a worker.

    ``figures`` counts the items by state once the job is over, for lists and for the time after the items
    were swept.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=40)
    title = models.CharField(_("任务"), max_length=120)
    state = models.CharField(_("状态"), max_length=20, choices=JobState, default=JobState.QUEUED)
    params = models.JSONField(default=dict)
    subject_type = models.CharField(max_length=60, blank=True)
    subject_id = models.CharField(max_length=40, blank=True)
    total = models.PositiveIntegerField(_("总数"), default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="jobs"
    )
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="jobs"
    )
    created_at = models.DateTimeField(_("提交时间"))
    started_at = models.DateTimeField(_("开始时间"), null=True)
    finished_at = models.DateTimeField(_("结束时间"), null=True)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    runs = models.PositiveSmallIntegerField(_("启动次数"), default=0)
    message = models.CharField(_("说明"), max_length=300, blank=True)
    result = models.ForeignKey(
        StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="jobs"
    )

    figures = models.JSONField(
        _("结果统计"), default=dict, blank=True, db_default=models.Value({}, models.JSONField())
    )
    items_swept_at = models.DateTimeField(_("明细清理时间"), null=True, blank=True)

    objects = OwnedQuerySet["Job"].as_manager()

    class Meta:
        verbose_name = _("后台任务")
        verbose_name_plural = _("后台任务")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["state", "lease_until"], name="cms_job_due")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in FINISHED_JOBS


class JobItem(models.Model):
    """One item of a job; ``key`` names it for the handler, ``message`` tells a person how it went.

    ``attempts`` and ``tried_at`` are written before the work: a killed worker leaves them behind.
    """

    # No index of its own: those below begin with it.
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="items", db_index=False)
    position = models.PositiveIntegerField()
    key = models.CharField(max_length=60)
    label = models.CharField(_("项目"), max_length=120, blank=True)
    state = models.CharField(_("结果"), max_length=20, choices=ItemState, default=ItemState.PENDING)
    code = models.CharField(max_length=60, blank=True)
    message = models.CharField(_("说明"), max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(_("最近处理时间"), null=True)

    class Meta:
        verbose_name = _("任务项目")
        verbose_name_plural = _("任务项目")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["job", "key"], name="cms_job_item_once"),
        ]
        indexes = [models.Index(fields=["job", "state", "position"], name="cms_job_item_due")]

    def __str__(self) -> str:
        return self.label or self.key
