"""Screens of the subsidy desk inside the back office."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from wagtail.admin import messages

from caravan.models import TrainingClass
from certificates.subsidies import payment_acts
from certificates.subsidies.enums import CLAIM_MOVES, ClaimState
from certificates.subsidies.forms import (
    ApprovalForm,
    BatchForm,
    ExportForm,
    InsuranceForm,
    NewClaimsForm,
    NoteForm,
)
from certificates.subsidies.models import BatchExport, Claim, ClaimBatch, ColumnProfile, SubsidyScheme
from certificates.subsidies.permissions import can_approve, can_export, can_review, can_submit
from certificates.subsidies.services import batches, claims, exports, insurance, proposals
from cms.access import get_visible_or_404, role_required
from cms.backoffice.pages import OfficePage
from cms.errors import DomainError
from cms.models import Region
from cms.roles import Role

OFFICE = (Role.SUBSIDY_OFFICER, Role.APPROVER)
APPLICANTS = (Role.ORG_ADMIN, Role.PLANNER)


class NewClaimsPage(OfficePage):
    """Choose scheme and class, see everybody's assessment, hand in the chosen.

    All are ticked at first; once somebody has chosen the page ticks nobody by itself.
    """

    roles = APPLICANTS
    template_name = "certificates/subsidies/new_claims.html"
    page_title = gettext_lazy("按班申报补贴")
    header_icon = "form"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the form, and the people once scheme and class are chosen."""
        context = super().get_context_data(**kwargs)
        form = context.setdefault("form", self._form(self.request.GET or None))
        context.setdefault("has_chosen", "chosen" in self.request.GET)
        if form.is_bound and form.is_valid():
            scheme, training_class = form.cleaned_data["scheme"], form.cleaned_data["training_class"]
            people = proposals.proposals(training_class, scheme, timezone.localdate())
            context |= {"scheme": scheme, "training_class": training_class, "people": people}
            context["ready"] = sum(1 for item in people if item.can_be_claimed)
        return context

    def _form(self, data: Any) -> NewClaimsForm:
        user: Any = self.request.user
        own = TrainingClass.objects.filter(organisation_id__in=user.scope().organisations(*APPLICANTS))
        return NewClaimsForm(data, classes=own.filter(closed_at__isnull=False))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Make and submit a claim for each chosen certificate."""
        user: Any = request.user
        form = self._form(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        training_class = form.cleaned_data["training_class"]
        chosen = set(request.POST.getlist("certificate"))
        wanted = [row for row in proposals.certificates_of(training_class) if row.number in chosen]
        if not wanted:
            messages.warning(request, _("还没有选人，请勾选要申报的学员。"))
            return self.render_to_response(self.get_context_data(form=form, has_chosen=True))
        outcomes = claims.create_claims(
            wanted, form.cleaned_data["scheme"], training_class.organisation, by=user, at=timezone.now()
        )
        self._tell(request, outcomes)
        return redirect(f"{request.path}?{form_query(form)}&chosen=1")

    @staticmethod
    def _tell(request: HttpRequest, outcomes: list[claims.ClaimOutcome]) -> None:
        made = [item for item in outcomes if item.claim is not None]
        if made:
            messages.success(request, _("已提交 %(count)s 笔申领。") % {"count": len(made)})
        for item in outcomes:
            if item.claim is None:
                messages.error(
                    request,
                    _("%(field)s：%(error)s") % {"field": item.proof.person.legal_name, "error": item.text},
                )


def form_query(form: Form) -> str:
    """Return the chosen values as a query string, so that the page comes back as it was."""
    return f"scheme={form['scheme'].value()}&training_class={form['training_class'].value()}"


Act = Callable[[Claim, Any, HttpRequest], None]


def _approve(claim: Claim, data: Any, request: HttpRequest) -> None:
    user: Any = request.user
    claims.approve_claim(claim, amount=data["amount"], note=data["note"], by=user, at=timezone.now())


def _with_note(service: Callable[..., Claim]) -> Act:
    def act(claim: Claim, data: Any, request: HttpRequest) -> None:
        service(claim, note=data["note"], by=request.user, at=timezone.now())

    return act


def _plain(service: Callable[..., Claim]) -> Act:
    def act(claim: Claim, data: Any, request: HttpRequest) -> None:
        service(claim, by=request.user, at=timezone.now())

    return act


def _insured(claim: Claim, data: Any, request: HttpRequest) -> None:
    user: Any = request.user
    insurance.record_insurance_check(claim, **data, by=user, at=timezone.now())


ACTS: dict[str, tuple[type[Form], Act]] = {
    "review": (Form, _plain(claims.start_review)),
    "approve": (ApprovalForm, _approve),
    "reject": (NoteForm, _with_note(claims.reject_claim)),
    "hold": (NoteForm, _with_note(claims.hold_claim)),
    "withdraw": (Form, _plain(claims.withdraw_claim)),
    "notice-over": (Form, _plain(claims.end_notice)),
    "insurance": (InsuranceForm, _insured),
    **payment_acts.ACTS,
}


@role_required(*OFFICE, *APPLICANTS)
@require_POST
def act_on_claim(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Carry out one act on a claim and come back to it; a refusal is shown there and nothing is changed.

    Whoever may see the claim but not do this gets 403.
    """
    user: Any = request.user
    claim = get_visible_or_404(Claim.objects.all(), user, pk=pk)
    if act not in ACTS:
        raise Http404
    if not may_ever(claim, user, act):
        raise PermissionDenied
    form_class, carry_out = ACTS[act]
    form = form_class(request.POST)
    if not form.is_valid():
        for name, errors in form.errors.items():
            label = form.fields[name].label if name in form.fields else ""
            messages.error(
                request, _("%(field)s：%(error)s") % {"field": label, "error": " ".join(map(str, errors))}
            )
        return redirect("certificates_claim:inspect", pk)
    try:
        carry_out(claim, form.cleaned_data, request)
    except DomainError as error:
        if error.code == "not_allowed":
            raise PermissionDenied from error
        messages.error(request, _("没有办成：%(why)s") % {"why": error})
    else:
        messages.success(request, _("已办好。"))
    return redirect("certificates_claim:inspect", pk)


def may_ever(claim: Claim, user: Any, act: str) -> bool:
    """Say whether the act is this user's part at all, in whatever state the claim is."""
    if act in payment_acts.ACTS:
        return payment_acts.may_ever(claim, user, act)
    if act in {"approve", "reject"}:
        return can_approve(user, claim)
    return can_submit(user, claim.organisation) if act == "withdraw" else can_review(user, claim)


def legal_acts(claim: Claim, user: Any) -> set[str]:
    """Return the acts this user may do in the claim's state: from the transition table and the roles."""
    moves = CLAIM_MOVES[claim.state]
    office, approver = can_review(user, claim), can_approve(user, claim)
    stranger = claim.submitted_by_id != user.pk
    found = set()
    if ClaimState.REVIEW in moves and office and not claims.why_not_back(claim):
        found.add("review")
    if ClaimState.HOLD in moves and office:
        found.add("hold")
    if claim.state in (ClaimState.REVIEW, ClaimState.HOLD) and office:
        found.add("insurance")
    if ClaimState.NOTICE in moves and approver:
        found.add("approve")  # shown shut, with the reason, to who submitted
    if ClaimState.REJECTED in moves and approver and stranger:
        found.add("reject")
    if ClaimState.PAYABLE in moves and office and _notice_is_over(claim):
        found.add("notice-over")
    if ClaimState.WITHDRAWN in moves and can_submit(user, claim.organisation):
        found.add("withdraw")
    return found


def _notice_is_over(claim: Claim) -> bool:
    until = claim.notice_until
    return (
        claim.state == ClaimState.NOTICE
        and until is not None
        and until < timezone.localdate()
        and not claims.is_revoked(claim)
    )


class NewBatchPage(OfficePage):
    """Freeze the payable claims of a scheme and region."""

    roles = (Role.SUBSIDY_OFFICER,)
    template_name = "certificates/subsidies/new_batch.html"
    page_title = gettext_lazy("生成申报批次")
    header_icon = "form"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the form and how many claims are waiting."""
        context = super().get_context_data(**kwargs)
        user: Any = self.request.user
        context.setdefault("form", self._form(None))
        context["waiting"] = Claim.objects.visible_to(user).to_send().count()
        return context

    def _form(self, data: Any) -> BatchForm:
        user: Any = self.request.user
        live = user.memberships.live(timezone.localdate()).filter(role=Role.SUBSIDY_OFFICER)
        regions = Region.objects.filter(memberships__in=live).distinct()
        return BatchForm(data, regions=regions)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Build the batch, or show why not."""
        user: Any = request.user
        form = self._form(request.POST)
        if form.is_valid():
            scheme: SubsidyScheme = form.cleaned_data["scheme"]
            try:
                batch = batches.build_batch(
                    scheme, form.cleaned_data["region"].code, by=user, at=timezone.now()
                )
            except DomainError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("批次 %(number)s 已生成。") % {"number": batch.number})
                return redirect("certificates_batch:inspect", batch.pk)
        return self.render_to_response(self.get_context_data(form=form))


def export_form(batch: ClaimBatch, data: Any = None) -> ExportForm:
    """Return the export form with the profiles that hold in the batch's region."""
    today = timezone.localdate()
    slugs = ColumnProfile.objects.order_by("slug").values_list("slug", flat=True).distinct()
    found = []
    for slug in slugs:
        try:
            found.append((slug, exports.profile_for(slug, batch.region_code, today).name))
        except DomainError:
            continue
    return ExportForm(data, profiles=found)


@role_required(Role.SUBSIDY_OFFICER)
@require_POST
def export_batch(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the workbook (once) and offer it on the batch's page."""
    user: Any = request.user
    batch = get_visible_or_404(ClaimBatch.objects.all(), user, pk=pk)
    form = export_form(batch, request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(map(str, errors)))
        return redirect("certificates_batch:inspect", pk)
    try:
        profile = exports.profile_for(form.cleaned_data["profile"], batch.region_code, timezone.localdate())
        export = exports.export_batch(
            batch, profile, reason=form.cleaned_data["reason"], by=user, at=timezone.now()
        )
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("certificates_batch:inspect", pk)
    return _offer(request, export)


@role_required(Role.SUBSIDY_OFFICER)
@require_POST
def download_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer the stored bytes once more, with a reason that is logged."""
    user: Any = request.user
    export = BatchExport.objects.select_related("batch", "profile", "file").filter(pk=pk).first()
    if export is None or not can_export(user, export.batch.region_code):
        raise Http404
    try:
        exports.export_batch(
            export.batch, export.profile, reason=request.POST.get("reason", ""), by=user, at=timezone.now()
        )
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("certificates_batch:inspect", export.batch_id)
    return _offer(request, export)


def _offer(request: HttpRequest, export: BatchExport) -> HttpResponse:
    """Come back to the batch with a link of the officer's own: an answer that is the file would change no page."""
    user: Any = request.user
    address = exports.link_to(export, by=user, at=timezone.now())
    messages.success(
        request,
        _("文件准备好了：%(file)s") % {"file": export.file.name},
        buttons=[messages.button(address, _("下载文件"))],
    )
    return redirect("certificates_batch:inspect", export.batch_id)
