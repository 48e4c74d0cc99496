"""Merge two rows that are one human, and undo it: everything through one list of changed values."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import Model, Q
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from cms import audit
from cms.errors import DomainError, Refusals
from cms.merging import Change, Conflict, Pair, merge_moves, plan_merge
from cms.models import Affiliation, Person, PersonMerge, User
from cms.roles import Role
from cms.services.locking import lock_rows, person_merged

REASON_LENGTH = 200


@dataclass(frozen=True)
class Moving:
    """How many rows of one kind would move, and how many stay because the kept row has the same."""

    label: str
    moved: int
    staying: int


@dataclass(frozen=True)
class MergePreview:
    """What would follow; ``fingerprint`` is what was looked at, so that nothing else is confirmed."""

    kept: Person
    merged: Person
    moving: list[Moving]
    conflicts: list[Conflict]
    fingerprint: str

    @property
    def refused(self) -> list[Conflict]:
        """Return the conflicts that no choice meets."""
        return [one for one in self.conflicts if not one.choices]

    @property
    def questions(self) -> list[Conflict]:
        """Return the conflicts that a named choice meets."""
        return [one for one in self.conflicts if one.choices]


def refuse_known_elsewhere(merged: Person, by: User, moved: Collection[str] = ()) -> None:
    """Refuse ``known_elsewhere`` unless every organisation that knows ``merged`` is in the user's sight.

    An organisation's administrator merges what only that organisation knows; what others rely on is for the
    office whose region covers them all. ``moved`` are affiliations that a merge took from ``merged``.
    """
    scope = by.scope()
    if scope.everything:
        return
    reasons = Affiliation.objects.filter(Q(person=merged) | Q(pk__in=moved))
    seen = Q(organisation_id__in=scope.organisations(Role.ORG_ADMIN))
    seen |= scope.region_filter("region_code", Role.APPROVER)
    if reasons.exclude(seen).exists():
        words = _("要并掉的这份登记还有您管不到的机构在用，请交给管得到这些机构的地区主管部门合并。")
        raise DomainError("known_elsewhere", words)


def preview_merge(kept: Person, merged: Person, *, at: dt.datetime) -> MergePreview:
    """Look ahead at ``merge_people``: reads only. Raises ``same_person`` and ``person_merged``."""
    _refuse_pair(kept, merged)
    plans = plan_merge(Pair(kept, merged, at))
    moving = [
        Moving(str(capfirst(follower.model._meta.verbose_name)), len(rows), plan.staying)
        for follower, plan in plans
        if follower.model is not Person
        and ((rows := [one for one in plan.changes if "person_id" in one.values]) or plan.staying)
    ]
    conflicts = [conflict for _follower, plan in plans for conflict in plan.conflicts]
    changes = [change for _follower, plan in plans for change in plan.changes]
    return MergePreview(kept, merged, moving, conflicts, _fingerprint(kept, merged, changes, conflicts))


def _fingerprint(kept: Person, merged: Person, changes: list[Change], conflicts: list[Conflict]) -> str:
    """Hash what would change from which value, not to which: new moments differ from look to look."""
    rows = [
        [one.model._meta.label_lower, str(one.pk), sorted((k, str(v[0])) for k, v in one.values.items())]
        for one in changes
    ]
    seen = [kept.pk, merged.pk, rows, [one.code for one in conflicts]]
    return hashlib.sha256(json.dumps(seen, ensure_ascii=False).encode()).hexdigest()[:32]


@transaction.atomic
def merge_people(
    kept: Person,
    merged: Person,
    *,
    choices: Mapping[str, str],
    reason: str,
    by: User | None,
    at: dt.datetime,
    looked_at: str = "",
) -> PersonMerge:
    """Let ``kept`` stand for both: what hangs on ``merged`` moves as every app registered it.

    Locks what other services lock before a person (each app's ``lock``), then both people in key order.
    ``choices`` answers each conflict by its code. Raises ``reason_missing``, ``same_person``,
    ``person_merged``, ``known_elsewhere``, ``merge_changed`` when ``looked_at`` is not what is there now, ``choice_missing``,
    or ``Refusals`` with every conflict that no choice meets.
    """
    reason = _need_reason(reason)
    kept, merged = _lock(kept, merged, at)
    _refuse_pair(kept, merged)
    if by is not None:
        refuse_known_elsewhere(merged, by)
    if looked_at and preview_merge(kept, merged, at=at).fingerprint != looked_at:
        words = _("您看过以后，这两份登记又有了变化。请再看一遍，然后确认。")
        raise DomainError("merge_changed", words)
    plans = plan_merge(Pair(kept, merged, at, choices))
    conflicts = [conflict for _follower, plan in plans for conflict in plan.conflicts]
    _refuse_conflicts(conflicts, choices)
    changes = [change for _follower, plan in plans for change in plan.changes]
    _write(changes)
    Person.objects.filter(pk=merged.pk).update(merged_into=kept)
    answered = {one.code: choices[one.code] for one in conflicts}
    merge = PersonMerge.objects.create(
        kept=kept,
        merged=merged,
        reason=reason,
        choices=answered,
        moved=[_told(change) for change in changes],
        merged_at=at,
        merged_by=by,
    )
    told = {"kept": kept.pk, "merged": merged.pk, "count": len(changes), "choices": answered}
    audit.record("person.merge", kept, by=by, at=at, for_person=merged, reason=reason, **told)
    return merge


def _need_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise DomainError("reason_missing", _("请写理由。"), field="reason")
    return reason[:REASON_LENGTH]


def _refuse_pair(kept: Person, merged: Person) -> None:
    if kept.pk == merged.pk:
        raise DomainError("same_person", _("这是同一份登记。"))
    if kept.merged_into_id or merged.merged_into_id:
        raise person_merged()


def _lock(kept: Person, merged: Person, at: dt.datetime) -> tuple[Person, Person]:
    pair = Pair(kept, merged, at)
    for follower in merge_moves:
        if follower.lock is not None:
            follower.lock(pair)
    rows = {row.pk: row for row in lock_rows(pair.ids)}
    return rows[kept.pk], rows[merged.pk]


def _refuse_conflicts(conflicts: list[Conflict], choices: Mapping[str, str]) -> None:
    refused = [DomainError(one.code, one.text) for one in conflicts if not one.choices]
    if refused:
        raise Refusals(refused)
    for one in conflicts:
        if choices.get(one.code) not in {choice.code for choice in one.choices}:
            raise DomainError("choice_missing", _("请选一项：") + one.text, field=one.code)


def _write(changes: list[Change]) -> None:
    """Write in order; neighbours that get the same values are one statement."""

    def same(change: Change) -> tuple[Any, ...]:
        return (change.model, tuple((name, str(new)) for name, (_old, new) in change.values.items()))

    for _key, group in groupby(changes, key=same):
        rows = list(group)
        new = {name: pair[1] for name, pair in rows[0].values.items()}
        rows[0].model._base_manager.filter(pk__in=[row.pk for row in rows]).update(**new)


def _told(change: Change) -> dict[str, Any]:
    return {
        "model": change.model._meta.label_lower,
        "pk": str(change.pk),
        "values": {name: [_plain(old), _plain(new)] for name, (old, new) in change.values.items()},
        "watched": {name: _plain(value) for name, value in change.watched.items()},
    }


def _plain(value: Any) -> Any:
    """Return the value as JSON holds it, exactly: moments with all their microseconds."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if value is None or isinstance(value, (bool, int)):
        return value
    return value.isoformat() if isinstance(value, dt.date) else str(value)


@transaction.atomic
def undo_merge(merge: PersonMerge, *, reason: str, by: User | None, at: dt.datetime) -> PersonMerge:
    """Write every value back from the list, last first, and let the merged row stand for itself again.

    What happened to the kept row since stays with it. Raises ``reason_missing``, ``merge_undone``,
    ``merged_on`` when the kept row itself was merged since, and ``undo_changed`` when a row of the list
    holds another value than the merge wrote, or another fact was built on it since.
    """
    reason = _need_reason(reason)
    kept, merged = _lock(merge.kept, merge.merged, at)
    merge = PersonMerge.objects.select_for_update(of=("self",)).get(pk=merge.pk)
    if merge.undone_at is not None:
        raise DomainError("merge_undone", _("这次合并已经撤销了。"))
    if kept.merged_into_id:
        words = _("留下的登记后来又并入了另一份，请先撤销后面那一次。")
        raise DomainError("merged_on", words)
    if by is not None:
        refuse_known_elsewhere(merged, by, _moved(merge).get(Affiliation._meta.label_lower, []))
    _refuse_changed(merge)
    try:
        with transaction.atomic():
            _write([_back(told) for told in reversed(merge.moved)])
    except IntegrityError as error:
        raise _changed(_("后来登记的事占了原来的位置。")) from error
    Person.objects.filter(pk=merged.pk).update(merged_into=None)
    merge.undone_at, merge.undone_by, merge.undo_reason = at, by, reason
    merge.save(update_fields=["undone_at", "undone_by", "undo_reason"])
    told = {"kept": kept.pk, "merged": merged.pk, "count": len(merge.moved)}
    audit.record("person.undo_merge", kept, by=by, at=at, for_person=merged, reason=reason, **told)
    return merge


def _back(told: Mapping[str, Any]) -> Change:
    model = apps.get_model(told["model"])
    values = {
        name: (None, model._meta.get_field(name).to_python(pair[0])) for name, pair in told["values"].items()
    }
    return Change(model, told["pk"], values)


def _refuse_changed(merge: PersonMerge) -> None:
    rows = _rows_now(merge)
    for told in merge.moved:
        row = rows.get((told["model"], told["pk"]))
        expected = {name: pair[1] for name, pair in told["values"].items()} | told["watched"]
        if row is None or any(_plain(getattr(row, name)) != value for name, value in expected.items()):
            what = capfirst(apps.get_model(told["model"])._meta.verbose_name)
            raise _changed(_("%(what)s后来变过。") % {"what": what})
    moved = _moved(merge)
    for follower in merge_moves:
        if follower.refuse_undo is not None and (words := follower.refuse_undo(moved)):
            raise _changed(words)


def _moved(merge: PersonMerge) -> dict[str, list[str]]:
    """Return the keys of the rows that changed their person, by model."""
    moved: dict[str, list[str]] = {}
    for told in merge.moved:
        if "person_id" in told["values"]:
            moved.setdefault(told["model"], []).append(told["pk"])
    return moved


def _rows_now(merge: PersonMerge) -> dict[tuple[str, str], Model]:
    wanted: dict[str, list[str]] = {}
    for told in merge.moved:
        wanted.setdefault(told["model"], []).append(told["pk"])
    return {
        (label, str(row.pk)): row
        for label, keys in wanted.items()
        for row in apps.get_model(label)._base_manager.filter(pk__in=keys)
    }


def _changed(words: str) -> DomainError:
    return DomainError("undo_changed", _("不能撤销：%(words)s") % {"words": words})
