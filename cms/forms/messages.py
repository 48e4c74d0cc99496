"""Which messages an account wants, by which way, in which language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from cms.enums import Channel
from cms.messaging.kinds import MessageKind


@dataclass(frozen=True)
class KindRow:
    """One kind as the page shows it, with a box for each way."""

    kind: MessageKind
    boxes: list[forms.BoundField]


class MessageChoicesForm(forms.Form):
    """One box a kind and way; kinds that nobody may switch off have none."""

    language = forms.ChoiceField(label=_("用哪种语言写给您"), choices=settings.LANGUAGES)

    def __init__(
        self,
        *args: Any,
        kinds: Sequence[MessageKind],
        channels: Sequence[Channel],
        wanted: Mapping[tuple[str, Channel], bool],
        language: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kinds = kinds
        self.fields["language"].initial = language
        self.boxes: dict[str, tuple[str, Channel]] = {}
        for kind in kinds:
            if kind.is_necessary:
                continue
            for channel in kind.channels:
                if channel in channels:
                    self._add_box(kind, channel, wanted)

    def _add_box(
        self, kind: MessageKind, channel: Channel, wanted: Mapping[tuple[str, Channel], bool]
    ) -> None:
        name = f"{kind.name}-{channel.value}"
        self.boxes[name] = (kind.name, channel)
        initial = wanted.get((kind.name, channel), kind.is_wanted_by_default)
        self.fields[name] = forms.BooleanField(label=channel.label, required=False, initial=initial)

    def open_rows(self) -> list[KindRow]:
        """Return the kinds that are open to choice in their order, each with its boxes."""
        return [
            KindRow(
                kind, [self[name] for name, (kind_name, _c) in self.boxes.items() if kind_name == kind.name]
            )
            for kind in self.kinds
            if not kind.is_necessary
        ]

    def necessary(self) -> list[tuple[str, list[str]]]:
        """Return each reason why something cannot be switched off, with the kinds it is said of."""
        found: dict[str, list[str]] = {}
        for kind in self.kinds:
            if kind.is_necessary:
                found.setdefault(str(kind.why_necessary), []).append(str(kind.label))
        return list(found.items())

    def choices(self) -> dict[tuple[str, Channel], bool]:
        """Return what was chosen, for the service."""
        return {key: bool(self.cleaned_data[name]) for name, key in self.boxes.items()}
