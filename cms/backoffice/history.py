"""What happened to a person, in words, as far as the reader may see it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from cms.audit_words import words_of
from cms.models import AuditEntry, Person, User


@dataclass(frozen=True)
class HistoryLine:
    """One entry with its action in words."""

    entry: AuditEntry

    @property
    def words(self) -> str:
        """Return the action as an officer reads it."""
        return words_of(self.entry.action)


def history_of(person: Person, user: User, *, limit: int = 50) -> list[HistoryLine]:
    """Return the newest entries about the person and their rows that ``user`` may see."""
    entries = AuditEntry.objects.visible_to(user).filter(_about(person)).order_by("-at", "-id")
    return [HistoryLine(entry) for entry in entries[:limit]]


def _about(person: Person) -> Q:
    """Entries hold plain ids, so that months can be partitioned away: the ids are gathered here."""
    about = Q(for_person_id=person.pk)
    own = {
        "cms.person": [person.pk],
        "cms.affiliation": person.affiliations.values_list("pk", flat=True),
        "cms.inpostperiod": person.in_post_periods.values_list("pk", flat=True),
        "cms.grouptag": person.group_tags.values_list("pk", flat=True),
        "cms.personslip": person.slips.values_list("pk", flat=True),
    }
    for object_type, keys in own.items():
        about |= Q(object_type=object_type, object_id__in=[str(key) for key in keys])
    return about
