"""Forms of enrolling: for whom, and why somebody leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from cms.models import Person


class EnrolForm(forms.Form):
    """For whom a seat is asked; ``people`` are those the account may act for."""

    person = forms.TypedChoiceField(label=_("给谁报名"), coerce=int, widget=forms.RadioSelect)

    def __init__(self, *args: Any, people: Sequence[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {person.pk: person for person in people}
        field = cast(forms.TypedChoiceField, self.fields["person"])
        field.choices = [(pk, person.legal_name) for pk, person in self.people.items()]
        field.error_messages["invalid_choice"] = _("请从下面选一个人。")
        if len(people) == 1:
            field.widget = forms.HiddenInput()

    @property
    def chosen(self) -> Person:
        """Return the person chosen; call after ``is_valid``."""
        return self.people[self.cleaned_data["person"]]


class WithdrawForm(forms.Form):
    """Why somebody cannot come; may stay empty."""

    reason = forms.CharField(
        label=_("为什么来不了"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
