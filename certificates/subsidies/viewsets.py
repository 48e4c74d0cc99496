"""Lists and pages of schemes, claims and batches."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import django_filters
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column
from wagtail.admin.widgets.button import HeaderButton

from certificates.issuing.viewsets import StateColumn
from certificates.subsidies.claim_page import read_page
from certificates.subsidies.enums import BatchState, ClaimState
from certificates.subsidies.forms import ApprovalForm, InsuranceForm, NoteForm
from certificates.subsidies.models import Claim, ClaimBatch, SubsidyScheme
from certificates.subsidies.money import figures_of
from certificates.subsidies.payment_acts import act_forms, legal_money_acts
from certificates.subsidies.permissions import can_export, can_record_payments
from certificates.subsidies.querysets import BatchQuerySet, ClaimQuerySet
from certificates.subsidies.services.batches import is_sound
from certificates.subsidies.views import APPLICANTS, export_form, legal_acts
from certificates.subsidies.words import conditions
from cms.backoffice.viewsets import ScopedIndexView, ScopedInspectView, ScopedModelViewSet
from cms.roles import Role


class ClaimFilters(WagtailFilterSet):
    """State and scheme."""

    state = django_filters.MultipleChoiceFilter(choices=ClaimState.choices, label=_("状态"))
    # A choice of one: an unticked box would be False, which the list shows as a filter in force.
    revoked = django_filters.ChoiceFilter(
        label=_("批准后证书撤销了"),
        method="filter_revoked",
        choices=[("true", _("还没拨付，退回审核")), ("paid", _("已经拨付，要追回"))],
    )

    class Meta:
        model = Claim
        fields = ["state", "scheme"]

    def filter_revoked(self, rows: ClaimQuerySet[Claim], name: str, value: Any) -> ClaimQuerySet[Claim]:
        """Narrow to approved claims that cannot be paid any more, or to paid ones that nobody asks back yet."""
        return rows.revoked_after_payment() if value == "paid" else rows.revoked_before_payment()


class ClaimReview(ScopedInspectView):
    """The review page: findings first, then the facts, then the legal acts."""

    template_name = "certificates/subsidies/claim.html"
    page_title = _("补贴申领")

    def get_page_subtitle(self) -> str:
        """Name the claim."""
        return str(self.object.number)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add findings, facts and acts."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        page = read_page(self.object.pk, self.request.user, timezone.now())
        context |= vars(page)
        at_the_bar = legal_acts(page.claim, self.request.user)
        context |= act_forms(page.claim, page.money, timezone.localdate())
        context |= {
            "acts": at_the_bar | legal_money_acts(page.claim, self.request.user),
            "may_see_batch": self.request.user.has_perm("certificates.view_claimbatch"),
            "has_bar": bool(at_the_bar - {"insurance"}),
            "approval_form": ApprovalForm(initial={"amount": page.highest}),
            "note_form": NoteForm(auto_id="reject_%s"),
            "hold_form": NoteForm(auto_id="hold_%s"),
            "insurance_form": InsuranceForm(initial={"checked_on": timezone.localdate()}),
        }
        return context


class ClaimIndex(ScopedIndexView):
    """Claims, newest first; applicants start new ones here."""

    default_ordering = "-created_at"

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        """Offer 按班申报 to who may hand in."""
        if not self.request.user.has_role(*APPLICANTS):
            return []
        return [HeaderButton(_("按班申报"), url=reverse("certificates_new_claims"), icon_name="plus")]


class ClaimViewSet(ScopedModelViewSet):
    """Claims of one's organisation or region."""

    model = Claim
    name = "certificates_claim"
    url_prefix = "claims"
    icon = "form"
    menu_label = _("补贴申领")
    list_display = [
        "number",
        Column("person", label=_("申领人")),
        Column("scheme", label=_("补贴政策")),
        Column("assessed_amount", label=_("测算金额（元）"), classname="num"),
        Column("deadline", label=_("申领截止日期"), sort_key="deadline"),
        StateColumn("state", label=_("状态"), sort_key="state"),
    ]
    list_select_related = ("person", "scheme")
    filterset_class = ClaimFilters
    search_fields = ["number", "person__search_key"]
    form_fields: list[str] = []
    index_view_class = ClaimIndex
    inspect_view_class = ClaimReview


class SchemeInspect(ScopedInspectView):
    """A scheme in words."""

    template_name = "certificates/subsidies/scheme.html"
    page_title = _("补贴政策")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add groups and rates."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        scheme: SubsidyScheme = self.object
        context |= {
            "scheme": scheme,
            "conditions": conditions(scheme),
            "rates": list(
                scheme.rates.select_related("occupation").order_by("occupation__name", "-skill_level")
            ),
            "today": timezone.localdate(),
        }
        return context


class SchemeViewSet(ScopedModelViewSet):
    """Schemes: rules everybody may read."""

    model = SubsidyScheme
    name = "certificates_scheme"
    url_prefix = "schemes"
    icon = "doc-full"
    menu_label = _("补贴政策")
    list_display = ["name", "document", "valid_from", "valid_until"]
    search_fields = ["name", "document"]
    form_fields: list[str] = []
    inspect_view_class = SchemeInspect


class BatchFilters(WagtailFilterSet):
    """State, and whether the treasury has answered."""

    awaits = django_filters.ChoiceFilter(
        label=_("拨付结果"), method="filter_awaits", choices=[("result", _("还有没登记的"))]
    )

    class Meta:
        model = ClaimBatch
        fields = ["state"]

    def filter_awaits(
        self, rows: BatchQuerySet[ClaimBatch], name: str, value: Any
    ) -> BatchQuerySet[ClaimBatch]:
        """Narrow to batches that were sent and in which a claim is still without a result."""
        return rows.awaiting_results()


class BatchIndex(ScopedIndexView):
    """Batches, newest first; the officer makes new ones here."""

    default_ordering = "-created_at"

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        """Offer 生成批次 to the officer."""
        if not self.request.user.live_roles() & {Role.SUBSIDY_OFFICER}:
            return []
        return [HeaderButton(_("生成批次"), url=reverse("certificates_new_batch"), icon_name="plus")]


class BatchInspect(ScopedInspectView):
    """A frozen batch: figures, hash, exports."""

    template_name = "certificates/subsidies/batch.html"
    page_title = _("申报批次")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add claims and exports."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        batch: ClaimBatch = self.object
        rows = batch.claims.select_related("person", "certificate", "external_certificate")
        claims = list(rows.order_by("submitted_at", "pk"))
        context |= {
            "batch": batch,
            "is_untouched": is_sound(batch),
            "claims": claims,
            "exports": list(batch.exports.select_related("profile", "file").order_by("created_at")),
            "may_export": can_export(self.request.user, batch.region_code),
            "figures": figures_of(batch) if batch.state == BatchState.EXPORTED else [],
            "awaits_result": batch.state == BatchState.EXPORTED
            and sum(claim.state == ClaimState.PAYABLE for claim in claims),
            "may_record": can_record_payments(self.request.user, batch.region_code),
            "form": export_form(batch),
        }
        return context

    def get_page_subtitle(self) -> str:
        """Name the batch."""
        return str(self.object.number)


class BatchViewSet(ScopedModelViewSet):
    """Batches of one's region."""

    model = ClaimBatch
    name = "certificates_batch"
    url_prefix = "batches"
    icon = "folder-open-inverse"
    menu_label = _("申报批次")
    list_display = [
        "number",
        Column("scheme", label=_("补贴政策")),
        Column("row_count", label=_("人次"), classname="num"),
        Column("total_amount", label=_("金额（元）"), classname="num"),
        StateColumn("state", label=_("状态"), sort_key="state"),
        "created_at",
    ]
    list_select_related = ("scheme",)
    filterset_class = BatchFilters
    search_fields = ["number"]
    form_fields: list[str] = []
    index_view_class = BatchIndex
    inspect_view_class = BatchInspect
