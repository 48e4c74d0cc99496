"""Classes that wait for certificates, for the office's list."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from caravan.duties import OFFICE_ROLES
from caravan.models import TrainingClass
from caravan.records import source_of
from certificates.issuing.models import Certificate
from certificates.issuing.services.batches import KIND
from cms.models import Job, User
from courses.models import TrainingRecord
from courses.querysets import RecordQuerySet


@dataclass(frozen=True)
class IssuableClass:
    """A class with completed records; ``job`` is the last issuing of it."""

    training_class: TrainingClass
    waiting: int
    issued: int
    job: Job | None


def classes_to_issue(user: User) -> list[IssuableClass]:
    """Return the classes of the user's offices with records that wait for a certificate (four queries)."""
    waiting = _by_source(_records_of_office(user).filter(certificates_certificate__isnull=True))
    numbers = [source.partition(":")[2] for source in waiting if source.startswith("class:")]
    classes = list(TrainingClass.objects.visible_to(user).filter(class_no__in=numbers))
    return _describe(classes, waiting)


def issuable(training_class: TrainingClass) -> IssuableClass:
    """Return what one class waits for and has."""
    records = TrainingRecord.objects.completed().filter(source=source_of(training_class))
    waiting = _by_source(records.filter(certificates_certificate__isnull=True))
    return _describe([training_class], waiting)[0]


def _records_of_office(user: User) -> RecordQuerySet[TrainingRecord]:
    completed = TrainingRecord.objects.completed()
    scope = user.scope()
    if scope.everything:
        return completed
    return completed.filter(organisation_id__in=scope.organisations(*OFFICE_ROLES))


def _by_source(records: RecordQuerySet[TrainingRecord]) -> dict[str, int]:
    counted = records.order_by().values("source").annotate(records=Count("pk"))
    return {row["source"]: row["records"] for row in counted}


def _describe(classes: list[TrainingClass], waiting: dict[str, int]) -> list[IssuableClass]:
    sources = [source_of(one) for one in classes]
    held = Certificate.objects.filter(record__source__in=sources).order_by()
    issued = {
        row["record__source"]: row["certificates"]
        for row in held.values("record__source").annotate(certificates=Count("pk"))
    }
    jobs = {
        job.subject_id: job
        for job in Job.objects.filter(
            kind=KIND, subject_type="caravan.trainingclass", subject_id__in=[str(one.pk) for one in classes]
        ).order_by("created_at")
    }
    return [
        IssuableClass(
            one,
            waiting=waiting.get(source_of(one), 0),
            issued=issued.get(source_of(one), 0),
            job=jobs.get(str(one.pk)),
        )
        for one in classes
    ]
