"""Tones of states: one table per vocabulary, kept by the app that owns it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Choices, Model

TONES = ("neutral", "info", "good", "warn", "bad", "accent")
# A colour never carries a meaning alone: the word always stands, these repeat it where it matters.
_ICONS = {"good": "check", "bad": "warning"}

_tones: dict[type[Choices], dict[Any, str]] = {}


@dataclass(frozen=True)
class ShownState:
    """A state as a tag shows it."""

    label: str
    tone: str
    icon: str


def check_tone(tone: str) -> str:
    """Return ``tone``; raise ``ValueError`` when the design system does not know it."""
    if tone not in TONES:
        raise ValueError(f"unknown tone {tone!r}; one of {', '.join(TONES)}")
    return tone


def register_state_colours(states: type[Choices], tones: Mapping[Any, str]) -> None:
    """Say the tone of each value of ``states``; what is not named is neutral.

    Call it from ``AppConfig.ready`` or beside the enum. Raises ``ValueError`` for a second
    registration, a value that is not of the enum, or an unknown tone.
    """
    if states in _tones:
        raise ValueError(f"colours of {states.__qualname__} are registered already")
    for other in _tones:
        if _app_of(other) == _app_of(states) and other.values == states.values:
            raise ValueError(
                f"{states.__qualname__} has the values of {other.__qualname__}: cannot tell them apart"
            )
    _tones[states] = {states(value).value: check_tone(tone) for value, tone in tones.items()}


def describe(subject: Any, field: str = "") -> ShownState:
    """Return label and tone of a choice, or of ``field`` (else ``status``, else ``state``) of an object."""
    if isinstance(subject, Choices):
        return _shown(str(subject.label), _tones.get(type(subject), {}).get(subject.value, "neutral"))
    if subject is None or subject == "":
        return _shown("", "neutral")
    field = field or ("status" if hasattr(subject, "status") else "state")
    value = getattr(subject, field)
    if isinstance(value, Choices):
        return describe(value)
    if isinstance(subject, Model):
        label = str(getattr(subject, f"get_{field}_display")())
        return _shown(label, _tone_of_stored(subject, field, value))
    return _shown(str(value), "neutral")


def _shown(label: str, tone: str) -> ShownState:
    return ShownState(label, tone, _ICONS.get(tone, ""))


def _tone_of_stored(subject: Model, field: str, value: Any) -> str:
    """Find the vocabulary of a plain stored value: the one with the same values in the same app."""
    values = [choice for choice, _ in subject._meta.get_field(field).flatchoices]  # type: ignore[union-attr]  # a field with choices
    for states, tones in _tones.items():
        if states.values == values and _app_of(states) == _app_of(type(subject)):
            return tones.get(value, "neutral")
    return "neutral"


def _app_of(cls: type) -> str:
    return cls.__module__.partition(".")[0]
