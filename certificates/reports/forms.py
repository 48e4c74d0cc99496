"""Forms of the reports."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from certificates.refreshers.forms import DateField


class PeriodForm(forms.Form):
    """From when to when, both days included."""

    start = DateField(label=_("从"))
    end = DateField(label=_("至"))

    def clean(self) -> dict[str, Any]:
        """Refuse an end before the start, on its field."""
        cleaned = super().clean() or self.cleaned_data
        start, end = cleaned.get("start"), cleaned.get("end")
        if start and end and end < start:
            self.add_error("end", _("结束日期不能早于开始日期。"))
        return cleaned
