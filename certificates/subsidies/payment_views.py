"""The screen on which the treasury's answer to a batch is recorded."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages

from certificates.subsidies.enums import BatchState, ClaimState, PaymentOutcome
from certificates.subsidies.models import Claim, ClaimBatch
from certificates.subsidies.payment_forms import PaymentsForm
from certificates.subsidies.permissions import can_record_payments
from certificates.subsidies.services import payments
from cms.access import get_visible_or_404
from cms.backoffice.pages import OfficePage
from cms.errors import DomainError, Refusals
from cms.roles import Role

# A form this long is still sent at once; what is left comes on the next page.
ROWS_A_PAGE = 500


class RecordPaymentsPage(OfficePage):
    """Record a batch's payments: fill in, look at counts and sum, confirm. Nothing is kept before that."""

    roles = (Role.SUBSIDY_OFFICER,)
    template_name = "certificates/subsidies/record_payments.html"
    page_title = gettext_lazy("登记拨付结果")
    header_icon = "form"

    def get_page_subtitle(self) -> str:
        """Name the batch."""
        return self.batch.number

    @cached_property
    def batch(self) -> ClaimBatch:
        """The batch, if the officer may see it and tell of its payments."""
        user: Any = self.request.user
        rows = ClaimBatch.objects.select_related("scheme")
        batch: ClaimBatch = get_visible_or_404(rows, user, pk=self.kwargs["pk"])
        if not can_record_payments(user, batch.region_code):
            raise PermissionDenied
        return batch

    @cached_property
    def waiting(self) -> list[Claim]:
        """Claims of the batch of which nobody has told, in the order of its rows."""
        rows = self.batch.claims.filter(state=ClaimState.PAYABLE)
        return list(rows.select_related("person", "certificate").order_by("submitted_at", "pk"))

    @property
    def mine(self) -> list[Claim]:
        """Those of them that this officer may tell of, as many as go on one page."""
        user: Any = self.request.user
        return [claim for claim in self.waiting if not payments.had_a_hand(claim, user)][:ROWS_A_PAGE]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the batch, the form, and how many stay for somebody else or for the next page."""
        context = super().get_context_data(**kwargs)
        user: Any = self.request.user
        others = sum(1 for claim in self.waiting if payments.had_a_hand(claim, user))
        context.setdefault("form", self._form(None))
        context |= {
            "batch": self.batch,
            "is_exported": self.batch.state == BatchState.EXPORTED,
            "others": others,
            "later": len(self.waiting) - others - len(self.mine),
        }
        return context

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the batch."""
        found = super().get_breadcrumbs_items()
        batch = {
            "url": reverse("certificates_batch:inspect", args=[self.batch.pk]),
            "label": self.batch.number,
        }
        return [*found[:-1], batch, found[-1]]

    def _form(self, data: Any) -> PaymentsForm:
        claims = self.mine if data is None else self._asked_about(data)
        return PaymentsForm(data, claims=claims, initial={"happened_on": timezone.localdate()})

    def _asked_about(self, data: Any) -> list[Claim]:
        """Return the claims that stood on the sent page: who was faster is told at the row, not left out."""
        keys = [int(key) for key in data.getlist("claim") if key.isdecimal()]
        rows = self.batch.claims.filter(pk__in=keys)
        return list(rows.select_related("person", "certificate").order_by("submitted_at", "pk"))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Show what would be recorded, or record it once the officer is sure."""
        form = self._form(request.POST)
        if not form.is_valid() or "back" in request.POST:
            return self.render_to_response(self.get_context_data(form=form))
        user: Any = request.user
        told: dict[str, Any] = {
            "happened_on": form.cleaned_data["happened_on"],
            "voucher": form.cleaned_data["voucher"],
            "by": user,
            "at": timezone.now(),
        }
        if "sure" not in request.POST:
            form.show(payments.why_not_recorded(self.batch, form.results, **told))
            if form.errors:
                return self.render_to_response(self.get_context_data(form=form))
            return self.render_to_response(self.get_context_data(form=form, asked=self._asked(form)))
        try:
            made = payments.record_payments(self.batch, form.results, **told)
        except DomainError as error:
            form.show(error.refusals if isinstance(error, Refusals) else [error])
            return self.render_to_response(self.get_context_data(form=form))
        messages.success(request, _("登记了 %(count)s 笔拨付结果。") % {"count": len(made)})
        return redirect("certificates_batch:inspect", self.batch.pk)

    def _asked(self, form: PaymentsForm) -> dict[str, Any]:
        """Return what the officer is asked to confirm: counts, the sum, who failed and who is revoked."""
        outcomes = {result.claim_id: result.outcome for result in form.results}
        rows = list(form.rows())
        paid = [row for row in rows if outcomes.get(row.claim.pk) == PaymentOutcome.PAID]
        return {
            "paid": len(paid),
            "amount": sum((row.claim.approved_amount or Decimal(0) for row in paid), Decimal(0)),
            "failed": [row for row in rows if outcomes.get(row.claim.pk) == PaymentOutcome.FAILED],
            "open": len(rows) - len(outcomes),
            "revoked": [row for row in paid if row.is_revoked],
        }
