"""How a form shows what a service refused."""

from __future__ import annotations

from django import forms

from cms.errors import DomainError


class RefusalForm(forms.Form):
    """A form that shows a service's refusals on the fields they name; what was typed stays."""

    def add_refusals(self, error: DomainError) -> None:
        """Put every refusal on its field, or on top when it names none of this form."""
        for refusal in getattr(error, "refusals", [error]):
            self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal.message))
