"""The form that ends teaching or closes a class, used on the plain page and in the back office."""

from __future__ import annotations

import datetime as dt

from django import forms
from django.utils.translation import gettext_lazy as _

from caravan.models import TrainingClass
from caravan.services.running import close_class, end_teaching
from cms.errors import DomainError
from cms.models import User

_STEPS = {"end_teaching": end_teaching, "close": close_class}


class CloseClassForm(forms.Form):
    """One step, and the reason when something is missing."""

    step = forms.ChoiceField(choices=[(name, name) for name in _STEPS], widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("还有没做完的，为什么现在就结"),
        help_text=_("名没点完、成绩没录齐才要填。缺学时不用填：学时不够的人记成未结业。"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def carry_out(self, training_class: TrainingClass, *, by: User, at: dt.datetime) -> bool:
        """Validate and take the step; refusals become messages of the form."""
        if not self.is_valid():
            return False
        service = _STEPS[self.cleaned_data["step"]]
        try:
            service(training_class, reason=self.cleaned_data["reason"], by=by, at=at)
        except DomainError as error:
            for refusal in getattr(error, "refusals", [error]):
                self.add_error(None, str(refusal.message))
            return False
        return True
