"""What a deletion erases of the register's own history: merged rows, lists of merges, corrections."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from cms.enums import ChangeState, DataField
from cms.models import ChangeProposal, Person, PersonMerge
from cms.my_data import erasers

_GONE = "—"


def erase_register(person: Person, erased: frozenset[DataField], at: dt.datetime) -> None:
    """Erase with ``person`` every row that was merged into it, and what merges and corrections wrote down.

    A merge whose list told of blanked fields can no longer put them back.
    """
    from cms.services.erasing import erase_person  # it walks the registry that this function is in

    for merged in person.merged_people.order_by("pk"):
        erase_person(merged, keeps=frozenset(DataField) - erased, by=None, at=at)
    for merge in PersonMerge.objects.filter(Q(kept=person) | Q(merged=person)):
        merge.moved = [told for told in merge.moved if told["model"] != Person._meta.label_lower]
        merge.reason, merge.undo_reason = _GONE, _GONE if merge.undone_at else ""
        merge.save(update_fields=["moved", "reason", "undo_reason"])
    changes = ChangeProposal.objects.filter(person=person)
    changes.filter(state=ChangeState.WAITING).update(state=ChangeState.WITHDRAWN)
    changes.update(facts={}, number_token="", masked="", reason=_GONE, name_until=None)
    changes.exclude(decision_note="").update(decision_note=_GONE)


erasers.register("cms.register", erase_register)
