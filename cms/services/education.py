"""Record what somebody finished; ``Person.education`` follows, and nothing is overwritten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.bulk import insert_columns
from cms.education import latest_education
from cms.errors import DomainError
from cms.models import EducationRecord, Organisation, Person, User
from cms.services.locking import lock_person


@transaction.atomic
def record_education(
    person: Person,
    organisation: Organisation,
    *,
    education: str,
    major: str,
    finished_on: dt.date | None,
    replaces: EducationRecord | None = None,
    by: User | None,
    at: dt.datetime,
) -> EducationRecord:
    """Record a level with its major and day; an earlier fact of the same level, and ``replaces``, are superseded.

    The same said again changes nothing. Raises ``DomainError`` ``education_future`` and ``education_replaced``
    (``replaces`` is of somebody else, or was superseded already).
    """
    if finished_on is not None and finished_on > timezone.localdate(at):
        raise DomainError("education_future", _("毕业日期还没有到。"), field="finished_on")
    person = lock_person(person)
    current = list(EducationRecord.objects.current().filter(person=person))
    if replaces is not None and replaces not in current:
        raise DomainError("education_replaced", _("这一条已经更正过了，请重新打开页面。"), field="replaces")
    facts = {"education": education, "major": major.strip(), "finished_on": finished_on}
    for row in current:
        if replaces is None and all(getattr(row, name) == value for name, value in facts.items()):
            return row
    old = [row for row in current if row.education == education or row == replaces]
    EducationRecord.objects.filter(pk__in=[row.pk for row in old]).update(superseded_at=at)
    record = EducationRecord.objects.create(person=person, organisation=organisation, recorded_at=at, **facts)
    person.education = latest_education([record, *(row for row in current if row not in old)])
    person.save(update_fields=["education"])
    audit.record(
        "person.education", record, by=by, at=at, for_person=person, replaces=[row.pk for row in old]
    )
    return record


def note_education(people: Iterable[Person], organisation: Organisation | None, *, at: dt.datetime) -> None:
    """Store the education that stands on new or just filled rows as their first fact: one statement.

    For whoever writes ``Person.education`` in bulk; the caller's audit entry covers it.
    """
    schooled = [person for person in people if person.education]
    insert_columns(
        EducationRecord,
        len(schooled),
        person_id=[person.pk for person in schooled],
        organisation_id=organisation.pk if organisation else None,
        education=[person.education for person in schooled],
        recorded_at=at,
    )
