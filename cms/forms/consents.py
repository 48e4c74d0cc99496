"""Forms of agreeing and of paper that somebody signed. They ask; the services judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.enums import AccountRelation, ConsentWay
from cms.forms.refusals import RefusalForm
from cms.models import PolicyText

# A clerk of the village reads the text out; a family member may hold the telephone.
_WAYS: Mapping[str, str | Promise] = {
    ConsentWay.SCREEN: gettext_lazy("本人在旁边，看过屏幕，同意了"),
    ConsentWay.PAPER: gettext_lazy("本人在纸质同意书上签了字"),
}


class AgreeForm(RefusalForm):
    """One box for each text; ``needed`` must be ticked, the others may stay empty."""

    def __init__(
        self,
        *args: Any,
        needed: Sequence[PolicyText],
        optional: Sequence[PolicyText],
        relation: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.texts = {f"text_{text.pk}": text for text in (*needed, *optional)}
        self.needed, self.optional = (
            [f"text_{one.pk}" for one in needed],
            [f"text_{one.pk}" for one in optional],
        )
        for name, text in self.texts.items():
            words = (
                _("我看过《%(title)s》，承诺做到") if text.is_undertaking else _("我看过《%(title)s》，同意")
            )
            self.fields[name] = forms.BooleanField(
                label=words % {"title": text.title},
                required=name in self.needed,
                error_messages={"required": _("请看过《%(title)s》再打勾。") % {"title": text.title}},
            )
        self.is_for_other = relation != AccountRelation.SELF
        if self.is_for_other:
            self._ask_how()

    def _ask_how(self) -> None:
        self.fields["way"] = forms.ChoiceField(
            label=_("怎么同意的"),
            choices=list(_WAYS.items()),
            initial=ConsentWay.SCREEN,
            widget=forms.RadioSelect,
        )
        self.fields["signed_on"] = forms.DateField(
            label=_("签字日期"),
            required=False,
            initial=timezone.localdate,
            help_text=_("纸上签了字才填。原件请交给培训单位。"),
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        )

    def shown(self) -> list[tuple[PolicyText, Any]]:
        """Return the needed texts with their boxes."""
        return [(self.texts[name], self[name]) for name in self.needed]

    def shown_optional(self) -> list[tuple[PolicyText, Any]]:
        """Return the texts that may stay without an answer, with their boxes."""
        return [(self.texts[name], self[name]) for name in self.optional]

    def agreed(self) -> list[PolicyText]:
        """Return the ticked texts; call after ``is_valid``."""
        return [text for name, text in self.texts.items() if self.cleaned_data[name]]

    def facts(self) -> dict[str, Any]:
        """Return way and day as the services take them."""
        way = ConsentWay(self.cleaned_data.get("way") or ConsentWay.SCREEN)
        return {
            "way": way,
            "signed_on": self.cleaned_data.get("signed_on") if way == ConsentWay.PAPER else None,
        }
