"""Changes of who somebody is on paper: every one is a row, with what stood before."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cms.enums import ChangeState, IdType
from cms.models.organisations import Organisation
from cms.models.people import Person
from cms.querysets import ChangeQuerySet


class ChangeProposal(models.Model):
    """A correction of name, document, birth date or sex: made at once, or waiting for a second look.

    ``facts`` holds field → [before, after]; a new document number stands encrypted in ``number_token``.
    """

    person = models.ForeignKey(
        Person, verbose_name=_("人员"), on_delete=models.PROTECT, related_name="change_proposals"
    )
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("提出机构"), on_delete=models.PROTECT, related_name="change_proposals"
    )
    region_code = models.CharField(max_length=12, db_index=True)
    state = models.CharField(_("状态"), max_length=20, choices=ChangeState)
    facts = models.JSONField(default=dict)
    # The last day the former name stood on the document.
    name_until = models.DateField(_("旧姓名用到"), null=True, blank=True)
    id_type = models.CharField(_("证件类型"), max_length=20, choices=IdType, blank=True)
    number_token = models.TextField(blank=True, editable=False)
    masked = models.CharField(_("证件号码"), max_length=30, blank=True, editable=False)
    valid_from = models.DateField(_("有效期起"), null=True, blank=True)
    valid_until = models.DateField(_("有效期止"), null=True, blank=True)
    reason = models.CharField(_("理由"), max_length=200)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("提出人"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    proposed_at = models.DateTimeField(_("提出时间"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("审核人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    decided_at = models.DateTimeField(_("审核时间"), null=True, blank=True)
    decision_note = models.CharField(_("审核意见"), max_length=200, blank=True)

    objects = ChangeQuerySet["ChangeProposal"].as_manager()

    class Meta:
        verbose_name = _("身份更正")
        verbose_name_plural = _("身份更正")
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(state=ChangeState.WAITING), name="cms_change_one_waiting"
            ),
            # A second pair of eyes where two organisations rely on the person (design §9).
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
                name="cms_change_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(state=ChangeState.DECLINED) | ~Q(decision_note=""),
                name="cms_change_declined_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return str(self.person)
