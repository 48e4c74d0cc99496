"""Forms of the roll: one tap, a correction with its reason, the end of the roll."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from caravan.enums import EventKind, Mark

WITHDRAW = "withdraw"


class TapForm(forms.Form):
    """One tap on the roll: who, what, and the id that makes a repeated tap harmless."""

    enrolment = forms.IntegerField(min_value=1)
    mark = forms.ChoiceField(choices=Mark.choices)
    client_id = forms.UUIDField()


class CorrectionForm(forms.Form):
    """What should stand instead, and why."""

    mark = forms.ChoiceField(label=_("应该是"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("原因"), max_length=200, help_text=_("例如：9 点才到，点错人了，补交假条。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    client_id = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, has_mark: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.has_mark = has_mark
        choices = list(Mark.choices)
        if has_mark:
            choices.append((WITHDRAW, _("撤回，当没点过")))
        field = cast(forms.ChoiceField, self.fields["mark"])
        field.choices = choices

    @property
    def event(self) -> tuple[EventKind, Mark | None]:
        """Return the kind of event and its mark; call after ``is_valid``."""
        given = self.cleaned_data["mark"]
        if given == WITHDRAW:
            return EventKind.WITHDRAWAL, None
        return (EventKind.CORRECTION if self.has_mark else EventKind.MARK), Mark(given)


class CloseRollForm(forms.Form):
    """What the people without a mark get, and the reason where one is needed."""

    rest = forms.ChoiceField(
        label=_("没点的人记成"), widget=forms.RadioSelect,
        choices=[(mark.value, mark.label) for mark in (Mark.ABSENT, Mark.LEAVE)],
    )  # fmt: skip
    reason = forms.CharField(
        label=_("原因"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, has_rest: bool, needs_reason: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_rest:
            del self.fields["rest"]
        if not needs_reason:
            del self.fields["reason"]
