"""许可与备案 of an organisation: on its page, in the list, and the forms to record and to correct."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from wagtail.admin.ui.tables import Column

from cms.access import get_visible_or_404
from cms.backoffice.frame import add_refusal, head
from cms.backoffice.widgets import DayInput
from cms.enums import LicenceState, OrganisationKindCode
from cms.errors import DomainError
from cms.models import Licence, Organisation, User
from cms.roles import Role
from cms.services.licences import LicenceStanding, add_licence, correct_licence, standing_of
from cms.ui.states import register_state_colours

register_state_colours(
    LicenceState,
    {
        LicenceState.NONE: "warn",
        LicenceState.COMING: "info",
        LicenceState.HOLDS: "good",
        LicenceState.ENDING: "warn",
        LicenceState.LAPSED: "bad",
    },
)
# Who may not teach or assess without one; of others its absence says nothing.
NEEDS_ONE = frozenset({OrganisationKindCode.PROVIDER, OrganisationKindCode.ASSESSMENT_BODY})


class LicenceForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A licence or filing as the paper says it."""

    class Meta:
        model = Licence
        fields = ["kind", "number", "authority", "valid_from", "valid_until"]
        widgets = {"valid_from": DayInput, "valid_until": DayInput}
        help_texts = {"valid_until": gettext_lazy("长期有效的不用填。")}


def with_licences(organisations: QuerySet[Organisation]) -> QuerySet[Organisation]:
    """Join the current licences that a listing shows: one query."""
    current = Licence.objects.current()
    return organisations.prefetch_related(Prefetch("licences", queryset=current, to_attr="current_licences"))


def shown_standing(organisation: Any, on: dt.date) -> LicenceStanding | None:
    """Return how a row read ``with_licences`` and its kinds stands; ``None`` where there is nothing to say."""
    standing = standing_of(organisation.current_licences, on)
    kinds = {row.kind for row in organisation.kinds.all()}
    return None if standing.state == LicenceState.NONE and not kinds & NEEDS_ONE else standing


class StandingColumn(Column):
    """How the licences stand today, as a tag with the last day."""

    cell_template_name = "cms/organisations/standing_cell.html"

    def get_value(self, instance: Any) -> LicenceStanding | None:
        """Return the standing."""
        return shown_standing(instance, timezone.localdate())


def may_keep_licences(user: User, organisation: Organisation) -> bool:
    """Say whether ``user`` records the organisation's licences: its administrator, or the installation's."""
    if not user.has_perm("cms.add_licence"):
        return False
    scope = user.scope()
    return scope.everything or organisation.pk in scope.organisations(Role.ORG_ADMIN)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a licence of an organisation."""
    user = cast(User, request.user)
    organisation = get_visible_or_404(Organisation.objects.all(), user, pk=pk)
    _require(user, organisation)
    form = LicenceForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            add_licence(organisation, **form.cleaned_data, by=user, at=timezone.now())
        except DomainError as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("登记好了。"))
            return redirect("organisations:inspect", pk)
    return _page(request, organisation, form, _("登记许可或备案"))


@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a licence right; the old row stays."""
    user = cast(User, request.user)
    rows = Licence.objects.current().select_related("organisation")
    licence = get_visible_or_404(rows, user, pk=pk)
    _require(user, licence.organisation)
    form = LicenceForm(request.POST if request.method == "POST" else None, initial=_facts(licence))
    if request.method == "POST" and form.is_valid():
        try:
            correct_licence(licence, **form.cleaned_data, by=user, at=timezone.now())
        except DomainError as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("更正好了，原来那一条留着备查。"))
            return redirect("organisations:inspect", licence.organisation_id)
    return _page(request, licence.organisation, form, _("更正许可或备案"))


def _facts(licence: Licence) -> dict[str, Any]:
    return {name: getattr(licence, name) for name in LicenceForm.Meta.fields}


def _require(user: User, organisation: Organisation) -> None:
    if not may_keep_licences(user, organisation):
        raise PermissionDenied


def _page(request: HttpRequest, organisation: Organisation, form: Any, title: str) -> HttpResponse:
    back = reverse("organisations:inspect", args=[organisation.pk])
    between = ((reverse("organisations:index"), _("机构")), (back, organisation.name))
    context = {**head(title, *between, icon="home"), "form": form, "back": back, "organisation": organisation}
    return render(request, "cms/organisations/licence.html", context)


def urls() -> list[URLPattern]:
    """Return the addresses below 机构."""
    return [
        path("licences/<int:pk>/new/", add, name="add_licence"),
        path("licences/<int:pk>/correct/", correct, name="correct_licence"),
    ]
