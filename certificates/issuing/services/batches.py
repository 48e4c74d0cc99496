"""Certificates of a whole class as one job: each person's outcome, the others go on."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from caravan.models import Enrolment, TrainingClass
from caravan.records import source_of
from certificates.issuing.enums import CertificateState
from certificates.issuing.models import Certificate
from certificates.issuing.services.issuing import number_certificate, render_and_store
from cms.enums import ItemState, JobState
from cms.errors import DomainError
from cms.jobs import ItemOutcome, JobKind, JobLink, Queue, start_job
from cms.models import Job, User
from courses.models import TrainingRecord
from courses.querysets import RecordQuerySet

logger = logging.getLogger(__name__)

KIND = "issue_certificates"


def start_issuing(training_class: TrainingClass, *, by: User | None, at: dt.datetime) -> Job:
    """Start the job that issues for every completed record of the class; one that still runs is returned.

    The printed day of all is the local day of ``at``. Raises ``DomainError`` ``nothing_to_issue``.
    """
    with transaction.atomic():
        locked = TrainingClass.objects.select_for_update().get(pk=training_class.pk)
        running = Job.objects.filter(
            kind=KIND,
            subject_type=locked._meta.label_lower,
            subject_id=str(locked.pk),
            state__in=(JobState.QUEUED, JobState.RUNNING),
        ).first()
        if running is not None:
            return running
        if not _completed(locked).filter(certificates_certificate__isnull=True).exists():
            raise DomainError("nothing_to_issue", _("这个班没有等着发证的人。"))
        return start_job(
            KIND,
            title=_("签发证书：%(title)s") % {"title": locked.title},
            by=by,
            at=at,
            subject=locked,
            organisation=locked.organisation,
            params={"class_no": locked.class_no, "issued_on": timezone.localdate(at).isoformat()},
        )


def plan_items(job: Job) -> Iterable[tuple[str, str]]:
    """Yield each completed record of the class: course by course, in roll order, so are the numbers."""
    training_class = TrainingClass.objects.get(class_no=job.params["class_no"])
    roll = dict(
        Enrolment.objects.filter(training_class=training_class, roll_no__isnull=False).values_list(
            "person_id", "roll_no"
        )
    )
    order = dict(training_class.class_courses.values_list("course_version_id", "order"))
    records = _completed(training_class).select_related("person", "course_version")
    for record in sorted(
        records, key=lambda one: (order.get(one.course_version_id, 0), roll.get(one.person_id, 0), one.pk)
    ):
        yield str(record.pk), f"{record.person} · {record.course_version}"


def issue_items(job: Job, keys: list[str]) -> list[ItemOutcome]:
    """Issue for the records ``keys``; a refusal is left to the job, which keeps it on the item."""
    issued_on = dt.date.fromisoformat(job.params["issued_on"])
    return [_issue_one(job, int(key), issued_on) for key in keys]


def _issue_one(job: Job, record_id: int, issued_on: dt.date) -> ItemOutcome:
    at = timezone.now()
    record = TrainingRecord.objects.get(pk=record_id)
    certificate = number_certificate(record, by=job.created_by, at=at, issued_on=issued_on)
    if certificate.state == CertificateState.REVOKED:
        return ItemOutcome(
            ItemState.SKIPPED, "revoked", _("%(number)s 已撤销，不再发") % {"number": certificate.number}
        )
    if certificate.state != CertificateState.NUMBERED:
        return ItemOutcome(
            ItemState.SKIPPED, "already", _("%(number)s 早已发过") % {"number": certificate.number}
        )
    return _render_one(certificate, at, job.created_by)


def _render_one(certificate: Certificate, at: dt.datetime, by: User | None) -> ItemOutcome:
    try:
        render_and_store(certificate, at, by=by)
    except Exception:
        # The number is taken and stays; a full disk must not stop the others. The sweep tries again.
        logger.exception("certificate %s could not be made", certificate.number)
        message = _("%(number)s 已编号，文件还没做好，系统会自动再做") % {"number": certificate.number}
        return ItemOutcome(ItemState.REFUSED, "render_failed", message)
    return ItemOutcome(ItemState.DONE, "issued", certificate.number)


def _completed(training_class: TrainingClass) -> RecordQuerySet[TrainingRecord]:
    return TrainingRecord.objects.completed().filter(source=source_of(training_class))


def _link(job: Job) -> JobLink:
    return JobLink(_("看证书"), reverse("certificate:index"))


ISSUE_CERTIFICATES = JobKind(
    KIND,
    plan=plan_items,
    do_items=issue_items,
    link=_link,
    in_transaction=False,
    queue=Queue.DOCUMENTS,
    label=gettext_lazy("签发证书"),
)
