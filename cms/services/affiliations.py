"""Let an organisation see people; the service that makes the reason calls this."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from cms import audit
from cms.enums import AffiliationKind
from cms.models import Affiliation, Organisation, Person, User


def affiliate_many(
    people: Iterable[Person],
    organisation: Organisation,
    kind: AffiliationKind,
    *,
    region_code: str,
    source: str,
    at: dt.datetime,
) -> None:
    """Give ``organisation`` the reason ``kind`` to see each of ``people``; again is no change.

    Two statements whatever the number; a reason that had ended holds again. Call it in the
    transaction of the change that made the reason.
    """
    ids = [person.pk for person in people]
    Affiliation.objects.bulk_create(
        [
            Affiliation(
                person_id=pk,
                organisation=organisation,
                kind=kind,
                region_code=region_code,
                source=source,
                since=timezone.localdate(at),
            )
            for pk in ids
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )
    Affiliation.objects.filter(
        person_id__in=ids, organisation=organisation, kind=kind, region_code=region_code, until__isnull=False
    ).update(until=None)


@transaction.atomic
def affiliate(
    person: Person,
    organisation: Organisation,
    kind: str,
    *,
    region_code: str,
    source: str,
    at: dt.datetime,
    by: User | None = None,
    remark: str = "",
) -> Affiliation:
    """Let ``organisation`` (and the office of ``region_code``) see the person; said again, nothing changes.

    ``remark`` are the organisation's own words about the person; an empty one changes nothing.
    """
    affiliation, created = Affiliation.objects.get_or_create(
        person=person,
        organisation=organisation,
        kind=AffiliationKind(kind),
        region_code=region_code,
        defaults={"source": source[:120], "since": timezone.localdate(at), "remark": remark},
    )
    if created:
        # Where it comes from (the name of a file, often) stays on the row: it may name people.
        audit.record("person.affiliate", affiliation, by=by, at=at, kind=kind)
    elif affiliation.until is not None:
        affiliation.until = None
        affiliation.save(update_fields=["until"])
        audit.record("person.affiliate_again", affiliation, by=by, at=at, kind=kind)
    note_remark(affiliation, remark, by=by, at=at)
    return affiliation


@transaction.atomic
def note_remark(affiliation: Affiliation, remark: str, *, by: User | None, at: dt.datetime) -> None:
    """Keep what the organisation remarked about the person, as it was written; an empty remark changes nothing."""
    if not remark or remark == affiliation.remark:
        return
    affiliation.remark = remark
    affiliation.save(update_fields=["remark"])
    audit.record("person.remark", affiliation, by=by, at=at)
