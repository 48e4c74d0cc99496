"""Audit entries as a clerk reads them: words for codes, names for ids, old and new side by side."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from cms.audit import TYPED
from cms.audit_words import NameSource, data_words, name_sources, subject_names, value_word, words_of
from cms.models import AuditEntry, User
from cms.services.audit_notes import words_of_notes
from cms.ui.dates import full_date, moment

_DIGEST = re.compile(r"[0-9a-f]{64}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NESTED = frozenset({"changed", "facts", "old", "new"})
_EMPTY = "—"
_PEOPLE = NameSource("cms.person", "legal_name")
_ACCOUNTS = "cms.user"


Names = dict[tuple[str, str], str]


@dataclass(frozen=True)
class Change:
    """One field: what it was and what it became."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Fact:
    """One thing said beside; ``erased`` when it was typed and has been erased on request."""

    label: str
    value: str
    erased: bool = False


@dataclass(frozen=True)
class HistoryLine:
    """One entry in words."""

    entry: AuditEntry
    words: str
    actor: str
    about: str
    for_whom: str
    changes: list[Change] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)


def lines_of(entries: Iterable[AuditEntry], user: User) -> list[HistoryLine]:
    """Return ``entries`` in words; as many queries as there are kinds of names, however many entries.

    Names of what ``user`` may not see are left out.
    """
    rows = list(entries)
    notes = words_of_notes(rows)
    names = _names(rows, user)
    return [_line(entry, names, notes) for entry in rows]


def _line(entry: AuditEntry, names: Names, notes: dict[Any, str | None]) -> HistoryLine:
    """Return one entry in words; a person is named once."""
    about = object_name(entry, names)
    person = names.get((_PEOPLE.model, str(entry.for_person_id)), "")
    said = list(_said(entry, names))
    return HistoryLine(
        entry=entry,
        words=words_of(entry.action),
        actor=_actor(entry, names),
        about=about,
        for_whom="" if person in about else person,
        changes=[one for one in said if isinstance(one, Change)],
        facts=[one for one in said if isinstance(one, Fact) and one.value not in {person, entry.object_label}]
        + _typed(entry, notes),
    )


def object_name(entry: AuditEntry, names: Names | None = None) -> str:
    """Return what the entry is about: the kind of object and its name, label or key."""
    model = model_of(entry.object_type)
    kind = str(capfirst(model._meta.verbose_name)) if model else entry.object_type
    name = (names or {}).get((entry.object_type, entry.object_id), "")
    return f"{kind} {name or entry.object_label or entry.object_id}"


def model_of(label: str) -> type[models.Model] | None:
    """Return the model, or None where an older version's is gone."""
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        return None


def _names(entries: list[AuditEntry], user: User) -> Names:
    """Look up every name at once: who acted, for whom, and what ids in the data mean."""
    wanted: dict[NameSource, set[str]] = defaultdict(set)
    actors = {str(entry.actor_id) for entry in entries if entry.actor_id}
    for entry in entries:
        wanted[_PEOPLE] |= {str(entry.for_person_id)} if entry.for_person_id else set()
        if entry.object_type in subject_names:
            wanted[NameSource(entry.object_type, subject_names.get(entry.object_type))].add(entry.object_id)
        for key, value in _pairs(entry.data):
            if key in name_sources:
                source = name_sources.get(key)
                wanted[source] |= {str(one) for one in _listed(value)}
    found: Names = {}
    for source, keys in wanted.items():
        if source.model == _ACCOUNTS:
            actors |= keys
        else:
            found |= _look_up(source, keys, user)
    accounts = User.objects.filter(pk__in={key for key in actors if key.isdigit()})
    return found | {(_ACCOUNTS, str(one.pk)): str(one) for one in accounts}


def _look_up(source: NameSource, keys: set[str], user: User) -> Names:
    model = model_of(source.model)
    if model is None or not keys:
        return {}
    rows: Any = model._default_manager.all()
    if hasattr(rows, "visible_to"):
        rows = rows.visible_to(user)
    if source.key == "pk" and not isinstance(model._meta.pk, models.UUIDField):
        keys = {key for key in keys if key.isdigit()}
    pairs = rows.filter(**{f"{source.key}__in": keys}).order_by().values_list(source.key, source.field)
    return {
        (source.model, str(key)): _local(value.isoformat()) if isinstance(value, dt.date) else str(value)
        for key, value in pairs
    }


def _pairs(data: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if key in _NESTED and isinstance(value, dict):
            for inner, held in value.items():
                yield from ((inner, one) for one in (held if key == "changed" else [held]))
        else:
            yield key, value


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _actor(entry: AuditEntry, names: Names) -> str:
    if entry.actor_id is None:
        return _("系统自动")
    return names.get((_ACCOUNTS, str(entry.actor_id))) or entry.actor_name or _("已注销的账号")


def _typed(entry: AuditEntry, notes: dict[Any, str | None]) -> list[Fact]:
    found = []
    for key, value in entry.data.items():
        if key not in TYPED or not value:
            continue
        if not isinstance(value, dict):  # of a version that kept it in the entry
            found.append(Fact(_label(entry, key), _value(entry, key, value, {})))
            continue
        text = notes.get((entry.pk, key))
        found.append(Fact(_label(entry, key), text or _("已按要求删除"), erased=text is None))
    return found


def _said(entry: AuditEntry, names: Names) -> Iterator[Change | Fact]:
    data = {key: value for key, value in entry.data.items() if key not in TYPED}
    yield from _changes(entry, data, names)
    for key, value in data.items():
        if key in {"changed", "old", "new"}:
            continue
        if key == "facts" and isinstance(value, dict):
            yield from (
                Fact(_label(entry, name), _value(entry, name, one, names)) for name, one in value.items()
            )
        elif key == "fields":
            if value:
                yield Fact(_label(entry, key), "、".join(_label(entry, str(name)) for name in _listed(value)))
        elif value not in (None, "", [], False):
            yield Fact(_label(entry, key), _value(entry, key, value, names))


def _changes(entry: AuditEntry, data: dict[str, Any], names: Names) -> Iterator[Change]:
    changed = data.get("changed")
    for name, values in (changed or {}).items() if isinstance(changed, dict) else ():
        before, after = (_value(entry, name, value, names) for value in values)
        yield Change(_label(entry, name), before, after)
    if "new" in data or "old" in data:
        yield from _from_to(entry, data.get("old"), data.get("new"), names)


def _from_to(entry: AuditEntry, old: Any, new: Any, names: Names) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in new:
            if old.get(name) != new[name]:
                before, after = (_value(entry, name, one.get(name), names) for one in (old, new))
                yield Change(_label(entry, name), before, after)
        return
    state = _field(entry, "state")
    is_state = state is not None and str(new) in {str(known) for known, _word in state.flatchoices}
    label = _("状态") if is_state else _("内容")
    before, after = (_value(entry, "state" if is_state else "", one, names) for one in (old, new))
    yield Change(label, before, after)


def _field(entry: AuditEntry, name: str) -> Any:
    model = model_of(entry.object_type)
    if model is None or not name:
        return None
    found = {one.name: one for one in model._meta.concrete_fields}
    return found.get(name)


def _label(entry: AuditEntry, name: str) -> str:
    model_field = _field(entry, name)
    if model_field is not None:
        return str(capfirst(model_field.verbose_name))
    return str(data_words.get(name)) if name in data_words else name


def _value(entry: AuditEntry, name: str, value: Any, names: Names) -> str:
    """Return one value in words."""
    if isinstance(value, bool) or str(value) in {"True", "False"}:
        return _("是") if str(value) == "True" else _("否")
    if value is None or value == "" or value == []:
        return _EMPTY
    if isinstance(value, dict):
        return "、".join(f"{key} {one}" for key, one in value.items())
    if isinstance(value, (list, tuple)):
        joint = "—" if name == "days" else "、"
        return joint.join(_value(entry, name, one, names) for one in value)
    if name in name_sources:
        return names.get((name_sources.get(name).model, str(value)), _("（您看不到）"))
    return _plain(entry, name, str(value))


def _plain(entry: AuditEntry, name: str, text: str) -> str:
    model_field = _field(entry, name)
    choices = dict(model_field.flatchoices) if model_field is not None and model_field.flatchoices else {}
    by_text = {str(known): label for known, label in choices.items()}
    if text in by_text:
        return str(by_text[text])
    if (word := value_word(name, text)) is not None:
        return word
    if _DIGEST.fullmatch(text):
        return f"{text[:12]}…"
    return _local(text)


def _local(text: str) -> str:
    """Return a moment or a day as people here write it; any other text as it is."""
    try:
        if _DAY.fullmatch(text):
            return full_date(parse_date(text))
        if text[:4].isdigit() and (found := parse_datetime(text)) is not None and found.tzinfo:
            return moment(found)
    except ValueError:
        pass
    return text
