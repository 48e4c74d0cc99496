"""The questions of a merge, and the reasons for merging, undoing and not merging."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cms.forms.refusals import RefusalForm
from cms.merging import Conflict

_REASON = 200


def _reason(help_text: Any) -> forms.CharField:
    return forms.CharField(label=_("理由"), max_length=_REASON, help_text=help_text)


class MergeForm(RefusalForm):
    """One question a conflict, and the reason."""

    reason = _reason(_("例如：本人带身份证来窗口，两份是同一个人。不要写号码。"))

    def __init__(self, *args: Any, questions: Sequence[Conflict], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions = [one.code for one in questions]
        asked = {
            one.code: forms.ChoiceField(
                label=one.text,
                choices=[(choice.code, choice.label) for choice in one.choices],
                widget=forms.RadioSelect,
            )
            for one in questions
        }
        self.fields = {**asked, **self.fields}

    def choices(self) -> dict[str, str]:
        """Return the answers by question."""
        return {code: self.cleaned_data[code] for code in self.questions}


class UndoForm(RefusalForm):
    """Why the merge was wrong."""

    reason = _reason(_("例如：同名同姓的两个人，并错了。"))


class NotSameForm(RefusalForm):
    """Which two were looked at, and why they are two."""

    first = forms.IntegerField(widget=forms.HiddenInput)
    second = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(label=_("理由"), max_length=_REASON, required=False)
