"""Forms about one person in the back office: document, post, category, coordinator."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from cms.access import get_visible_or_404
from cms.backoffice.merges import lead_on
from cms.enums import AccountProof, AccountRelation, ConsentWay
from cms.errors import DomainError
from cms.forms.people import (
    AboutPersonForm,
    DelegateForm,
    DocumentForm,
    EducationForm,
    EndInPostForm,
    GroupTagForm,
    HealthCertificateForm,
    InPostForm,
    PaperConsentForm,
    organisations_of,
)
from cms.models import InPostPeriod, Person
from cms.services import accounts, people
from cms.services.consents import agree_to
from cms.services.education import record_education
from cms.services.health import record_health_certificate


class PersonFormView(WagtailAdminTemplateMixin, FormView):  # type: ignore[type-arg]  # not subscriptable at run time
    """A form about a visible person that ends in one service; its refusals stay on their fields."""

    template_name = "cms/people/form.html"
    permission: ClassVar[str] = "cms.add_person"
    done_message: ClassVar[str | Promise] = gettext_lazy("记下了。")
    header_icon = "user"
    request: HttpRequest
    _show_breadcrumbs = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find the person in scope (404), then ask for the right (403)."""
        self.user: Any = request.user
        if (gone := self.lead_on()) is not None:
            return gone
        self.person = self.find_person()
        if not self.user.has_perm(self.permission):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def lead_on(self) -> HttpResponse | None:
        """Return the way to who stands for a merged row."""
        return lead_on(self.request, self.kwargs["pk"])

    def find_person(self) -> Person:
        """Return the person of the address."""
        return get_visible_or_404(Person.objects.all(), self.user, pk=self.kwargs["pk"])

    def get_form_kwargs(self) -> dict[str, Any]:
        """Tell the form about whom and by whom."""
        return super().get_form_kwargs() | {"person": self.person, "user": self.user}

    def get_success_url(self) -> str:
        """Lead back to the person's page."""
        return reverse("people:inspect", args=[self.person.pk])

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Return the list, the person and this form."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("people:index"), "label": _("人员")},
            {"url": self.get_success_url(), "label": str(self.person)},
            {"url": "", "label": self.get_page_title()},
        ]

    def form_valid(self, form: AboutPersonForm) -> HttpResponse:
        """Call the service; show what it refuses."""
        try:
            self.save(form.cleaned_data, timezone.now())
        except DomainError as error:
            form.add_refusals(error)
            return self.form_invalid(form)
        messages.success(self.request, str(self.done_message))
        return redirect(self.get_success_url())

    def save(self, data: dict[str, Any], at: Any) -> object:
        """Call the form's service."""
        raise NotImplementedError


class DocumentView(PersonFormView):
    """Record the document of somebody who signed up."""

    page_title = gettext_lazy("登记证件")
    form_class = DocumentForm

    def save(self, data: dict[str, Any], at: Any) -> object:
        """Verify what lies on the counter."""
        return people.verify_document(self.person, **data, by=self.user, at=at)


class InPostView(PersonFormView):
    """Record a period in post."""

    page_title = gettext_lazy("登记在岗")
    form_class = InPostForm

    def save(self, data: dict[str, Any], at: Any) -> object:
        """Record the period at the employer's place."""
        region = data["organisation"].region_code
        return people.record_in_post(self.person, **data, region_code=region, by=self.user, at=at)


class EndInPostView(PersonFormView):
    """Record the last day of a period."""

    page_title = gettext_lazy("登记离岗")
    form_class = EndInPostForm

    def lead_on(self) -> HttpResponse | None:
        """The address holds the period, which has moved along."""
        return None

    def find_person(self) -> Person:
        """Return the person of the visible, current period."""
        periods = InPostPeriod.objects.select_related("person", "organisation")
        self.period = get_visible_or_404(
            periods, self.user, pk=self.kwargs["pk"], superseded_at__isnull=True, ended_on__isnull=True
        )
        # One's own period is visible to oneself, and only the employer may end it.
        return get_visible_or_404(Person.objects.all(), self.user, pk=self.period.person_id)

    def save(self, data: dict[str, Any], at: Any) -> object:
        """End the period."""
        if not organisations_of(self.user).filter(pk=self.period.organisation_id).exists():
            raise PermissionDenied
        return people.end_in_post(self.period, **data, by=self.user, at=at)


class GroupTagView(PersonFormView):
    """Record a person category."""

    page_title = gettext_lazy("登记人员类别")
    form_class = GroupTagForm

    def save(self, data: dict[str, Any], at: Any) -> object:
        """Record the tag at the organisation's place."""
        region = data["organisation"].region_code
        return people.tag_group(self.person, **data, region_code=region, by=self.user, at=at)


class HealthCertificateView(PersonFormView):
    """Record a health certificate."""

    page_title = gettext_lazy("登记健康证")
    form_class = HealthCertificateForm

    def save(self, data: dict[str, Any], at: Any) -> object:
        """Record it at the organisation's place."""
        region = data["organisation"].region_code
        return record_health_certificate(self.person, **data, region_code=region, by=self.user, at=at)


class EducationView(PersonFormView):
    """Record what the person finished."""

    page_title = gettext_lazy("登记学历")
    form_class = EducationForm

    def save(self, data: dict[str, Any], at: Any) -> object:
        """Record it, or put an earlier record right."""
        return record_education(self.person, **data, by=self.user, at=at)


class PaperConsentView(PersonFormView):
    """Record what somebody signed on paper."""

    page_title = gettext_lazy("登记书面同意")
    form_class = PaperConsentForm

    def save(self, data: dict[str, Any], at: Any) -> object:
        """Record each paper with the day on it and who keeps it."""
        return agree_to(
            self.person, data["texts"], way=ConsentWay.PAPER, by=self.user, at=at,
            signed_on=data["signed_on"], kept_by=data["organisation"],
        )  # fmt: skip


class DelegateView(PersonFormView):
    """Let a coordinator act for the person."""

    page_title = gettext_lazy("委托社区代办")
    form_class = DelegateForm
    permission = "cms.add_personslip"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Coordinators are those who hold the role today."""
        return super().get_form_kwargs() | {"on": timezone.localdate()}

    def save(self, data: dict[str, Any], at: Any) -> object:
        """Record the delegation with its paper."""
        return accounts.act_for(
            data["account"],
            self.person,
            AccountRelation.COORDINATOR,
            AccountProof.CONSENT,
            by=self.user,
            at=at,
        )
