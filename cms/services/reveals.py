"""A document number in clear: one at a time, with a reason, on record, and so many a day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit, crypto
from cms.enums import RevealReason
from cms.errors import DomainError
from cms.models import Organisation, Person, PersonDocument, RevealRecord, User
from cms.reasons import says_enough
from cms.roles import Role

# Office roles look for their organisation, region roles for their place; both hold cms.reveal_number.
_OFFICE = (Role.ORG_ADMIN, Role.PLANNER)
_REGION = (Role.SUBSIDY_OFFICER,)


@dataclass(frozen=True)
class Standpoint:
    """In which role, and for whom, somebody looks."""

    role: Role
    organisation: Organisation | None
    region_code: str


def standpoint(user: User, person: Person) -> Standpoint | None:
    """Return in which role ``user`` may look at the numbers of ``person``, or ``None``.

    Acting for a relative opens her pages, not her number. Three queries at most.
    """
    affiliations = list(person.affiliations.select_related("organisation"))
    by_organisation = {row.organisation_id: row.organisation for row in affiliations}
    scope = user.scope()
    for grant in scope.grants:
        if grant.role in _OFFICE and (known := by_organisation.get(grant.organisation_id)):
            return Standpoint(grant.role, known, known.region_code)
    for grant in scope.grants:
        if grant.role not in _REGION:
            continue
        for row in affiliations:
            if any(low <= row.region_code <= high for low, high in grant.ranges):
                office = Organisation.objects.get(pk=grant.organisation_id)
                return Standpoint(grant.role, office, row.region_code)
    if not scope.everything:
        return None
    posts = [grant.organisation_id for grant in scope.grants if grant.role == Role.SYSTEM_ADMIN]
    office_or_none = Organisation.objects.filter(pk__in=posts).first()
    region = office_or_none.region_code if office_or_none else ""
    return Standpoint(Role.SYSTEM_ADMIN, office_or_none, region)


@transaction.atomic
def reveal_number(
    document: PersonDocument, *, reason: RevealReason, words: str, by: User, at: dt.datetime
) -> tuple[RevealRecord, str]:
    """Return the number of ``document`` in clear, and put on record that ``by`` saw it.

    Raises ``DomainError`` ``reveal_scope``, ``reveal_reason`` (nothing typed), ``reveal_limit``
    (``REVEALS_A_DAY`` are used up), ``number_erased``.
    """
    # Two windows at once: the second waits, so that the count of the day holds.
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    stands = standpoint(by, document.person)
    if stands is None:
        raise DomainError("reveal_scope", _("这个人的号码您不能看。"))
    if not says_enough(words, 2):
        raise DomainError("reveal_reason", _("请写清楚为什么要看。"), field="words")
    if seen_today(by, at=at) >= settings.REVEALS_A_DAY:
        message = _("今天已经看了 %(count)s 个号码，不能再看，请明天再看。")
        raise DomainError("reveal_limit", message % {"count": settings.REVEALS_A_DAY})
    if not document.number_token:
        raise DomainError("number_erased", _("这个号码已经按本人的申请删除。"))
    record = RevealRecord(
        person=document.person,
        document=document,
        organisation=stands.organisation,
        region_code=stands.region_code,
        role=stands.role,
        reason=reason,
        revealed_by=by,
        at=at,
    )
    entry = audit.record(
        "person.reveal",
        record,
        by=by,
        at=at,
        person=document.person_id,
        id_type=document.id_type,
        role=stands.role,
        purpose=reason,
        reason=words.strip(),
    )
    record.entry_id = entry.pk
    record.save(force_insert=True)
    return record, crypto.decrypt_text(document.number_token)


def seen_today(user: User, *, at: dt.datetime) -> int:
    """Return how many numbers the account saw on the local day of ``at`` (one query)."""
    midnight = timezone.make_aware(dt.datetime.combine(timezone.localdate(at), dt.time.min))
    return RevealRecord.objects.filter(revealed_by=user, at__gte=midnight).count()


def words_of_reveals(records: list[RevealRecord]) -> dict[str, str]:
    """Return record id → what was typed as the reason, empty where it was erased (one query)."""
    from cms.models import AuditNote

    notes = AuditNote.objects.filter(
        entry_id__in=[record.entry_id for record in records], field="reason", erased_at__isnull=True
    )
    typed = {note.entry_id: crypto.decrypt_text(note.text_token) for note in notes}
    return {str(record.pk): typed.get(record.entry_id, "") for record in records}
