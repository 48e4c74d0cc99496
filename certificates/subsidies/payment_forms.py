"""Forms for what was paid and what comes back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from certificates.issuing.verification import mask_name
from certificates.subsidies.enums import PaymentOutcome, RecoveryEntryKind, RecoveryReason
from certificates.subsidies.models import Claim
from certificates.subsidies.services.claims import is_revoked
from certificates.subsidies.services.payments import PaymentResult
from cms.errors import DomainError

_OUTCOMES = [
    (PaymentOutcome.PAID.value, PaymentOutcome.PAID.label),
    (PaymentOutcome.FAILED.value, PaymentOutcome.FAILED.label),
    ("", _("还没有结果")),
]


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))


@dataclass(frozen=True)
class PaymentRow:
    """A claim on the form, with its two fields."""

    claim: Claim
    masked_name: str
    is_revoked: bool
    outcome: BoundField
    reason: BoundField


class PaymentsForm(forms.Form):
    """One day and voucher for all, a result for each claim; paid unless said otherwise.

    A claim whose certificate was revoked meanwhile stands open: whether its money was stopped has to be asked.
    """

    happened_on = _day(_("拨付日期"))
    voucher = forms.CharField(
        label=_("凭证号"),
        max_length=60,
        help_text=_("国库凭证号或银行流水号，回单上有。"),
        error_messages={"required": _("请填凭证号。")},
    )

    def __init__(self, *args: Any, claims: Sequence[Claim], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.claims = claims
        for claim in claims:
            who = {"number": claim.number}
            self.fields[f"outcome_{claim.pk}"] = forms.ChoiceField(
                label=_("%(number)s 的结果") % who,
                choices=_OUTCOMES,
                required=False,
                initial="" if is_revoked(claim) else PaymentOutcome.PAID.value,
            )
            self.fields[f"reason_{claim.pk}"] = forms.CharField(
                label=_("%(number)s 为什么没有拨成") % who, max_length=120, required=False
            )
            for name in (f"outcome_{claim.pk}", f"reason_{claim.pk}"):
                self.fields[name].widget.attrs["aria-label"] = str(self.fields[name].label)

    def rows(self) -> Iterator[PaymentRow]:
        """Yield each claim with its fields."""
        for claim in self.claims:
            yield PaymentRow(
                claim,
                mask_name(claim.person.legal_name),
                is_revoked(claim),
                self[f"outcome_{claim.pk}"],
                self[f"reason_{claim.pk}"],
            )

    @cached_property
    def results(self) -> list[PaymentResult]:
        """What was told; only of a valid form. Claims left open are not in it."""
        return [
            PaymentResult(claim.pk, PaymentOutcome(outcome), self.cleaned_data[f"reason_{claim.pk}"])
            for claim in self.claims
            if (outcome := self.cleaned_data[f"outcome_{claim.pk}"])
        ]

    def show(self, refusals: Iterable[DomainError]) -> None:
        """Put each refusal at its field, or on top where the field is not on this page."""
        for refusal in refusals:
            self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal))


class CorrectionForm(forms.Form):
    """What was put right after a failed payment."""

    note = forms.CharField(
        label=_("更正了什么"), max_length=120, error_messages={"required": _("请写明更正了什么。")}
    )


class RecoveryForm(forms.Form):
    """Why, how much, by which document."""

    reason = forms.ChoiceField(label=_("追回原因"), choices=RecoveryReason.choices)
    amount = forms.DecimalField(
        label=_("应追回金额（元）"), min_value=Decimal("0.01"), max_digits=10, decimal_places=2
    )
    note = forms.CharField(
        label=_("依据"),
        max_length=120,
        help_text=_("决定书文号、审计报告等。"),
        error_messages={"required": _("请写明依据，有文号写文号。")},
    )


class EntryForm(forms.Form):
    """A line of the ledger; which kinds are offered depends on who asks."""

    kind = forms.ChoiceField(label=_("事项"))
    happened_on = _day(_("日期"))
    amount = forms.DecimalField(
        label=_("金额（元）"),
        required=False,
        min_value=Decimal("0.01"),
        max_digits=10,
        decimal_places=2,
        help_text=_("通知不填金额。"),
    )
    voucher = forms.CharField(
        label=_("凭证号"), max_length=60, required=False, help_text=_("退款的流水号，通知的文号。")
    )
    note = forms.CharField(label=_("说明"), max_length=120, required=False)

    def __init__(self, *args: Any, kinds: Sequence[RecoveryEntryKind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["kind"]
        field.choices = [(kind.value, kind.label) for kind in kinds]
        if kinds == [RecoveryEntryKind.WRITTEN_OFF]:  # no notice, no transfer
            del self.fields["voucher"]
            self.fields["amount"].help_text = ""
