"""人员: the list, one person's page, and registering somebody at the counter."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import BaseColumn, Column, TitleColumn
from wagtail.admin.widgets.button import Button

from cms.backoffice import person_forms, reveals, slips
from cms.backoffice.corrections import CorrectView
from cms.backoffice.doubles import double_urls
from cms.backoffice.find_by_number import FindByNumberView, find_button
from cms.backoffice.history import history_of
from cms.backoffice.merges import MERGE, lead_on, merge_urls
from cms.backoffice.people_shown import (
    masked_of,
    organisations_shown,
    visible_affiliations,
    with_shown_rows,
)
from cms.backoffice.viewsets import (
    ScopedCreateView,
    ScopedIndexView,
    ScopedInspectView,
    ScopedModelViewSet,
)
from cms.backoffice.yes_no import YesNoFilter
from cms.enums import AffiliationKind, ChangeState, PersonGroup
from cms.forms.people import RegisterPersonForm
from cms.models import (
    Affiliation,
    ChangeProposal,
    EducationRecord,
    GroupTag,
    HealthCertificate,
    InPostPeriod,
    Organisation,
    Person,
    PersonAccount,
    User,
)
from cms.querysets import live_on
from cms.services.people import register_person
from cms.services.reveals import standpoint
from cms.slip_sheets import LIMIT

# Rights of the screens: one to register and record, one to hand out access.
RECORD = "cms.add_person"
GIVE_ACCESS = "cms.add_personslip"


class ChooseColumn(BaseColumn):
    """A box to choose the person for a sheet of slips."""

    cell_template_name = "cms/people/choose_cell.html"


def _visible_organisations(request: HttpRequest) -> QuerySet[Organisation]:
    user: Any = request.user
    return Organisation.objects.visible_to(user)


class PersonFilterSet(WagtailFilterSet):
    """By organisation, by category, by whether the document was seen."""

    organisation = django_filters.ModelChoiceFilter(
        label=gettext_lazy("机构"), queryset=_visible_organisations, method="of_organisation"
    )
    group = django_filters.ChoiceFilter(
        label=gettext_lazy("人员类别"), choices=PersonGroup.choices, method="in_group"
    )
    in_post = YesNoFilter(label=gettext_lazy("今天在岗"), method="in_post_today")

    class Meta:
        model = Person
        fields: list[str] = []

    def of_organisation(self, people: QuerySet[Person], name: str, value: Organisation) -> QuerySet[Person]:
        """People whom the organisation has a reason to know."""
        return people.filter(pk__in=Affiliation.objects.filter(organisation=value).values("person_id"))

    def in_group(self, people: QuerySet[Person], name: str, value: str) -> QuerySet[Person]:
        """People with a current tag that the reader may see."""
        tags = GroupTag.objects.visible_to(self.request.user).filter(group=value, superseded_at__isnull=True)
        return people.filter(pk__in=tags.values("person_id"))

    def in_post_today(self, people: QuerySet[Person], name: str, value: bool) -> QuerySet[Person]:
        """People with a period that holds today and that the reader may see."""
        periods = InPostPeriod.objects.visible_to(self.request.user).filter(superseded_at__isnull=True)
        today = periods.filter(live_on(timezone.localdate(), start="started_on", end="ended_on"))
        matched = Q(pk__in=today.values("person_id"))
        return people.filter(matched if value else ~matched)


class PersonIndexView(ScopedIndexView):
    """People in scope, by the spelling of the name."""

    add_item_label = gettext_lazy("登记一个人")
    results_template_name = "cms/people/index_results.html"

    def get_base_queryset(self) -> QuerySet[Any]:
        """Return visible people with what the listing shows."""
        return with_shown_rows(super().get_base_queryset(), self.request.user)

    @cached_property
    def header_more_buttons(self) -> list[Any]:
        """Lead to the likely doubles."""
        buttons: list[Any] = super().header_more_buttons
        if not self.request.user.has_perm(MERGE):
            return buttons
        likely = Button(_("可能重复的人"), url=reverse("people:doubles"), icon_name="group", priority=20)
        return [*buttons, likely]

    def get_header_buttons(self) -> list[Any]:
        """Lead to who holds a number."""
        return [*super().get_header_buttons(), find_button()]

    @cached_property
    def columns(self) -> list[Any]:
        """Leave out the boxes for who cannot print slips."""
        columns: list[Any] = super().columns
        if self.request.user.has_perm(GIVE_ACCESS):
            return columns
        return [column for column in columns if not isinstance(column, ChooseColumn)]

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Say whether slips can be printed."""
        kwargs["slip_limit"] = LIMIT if self.request.user.has_perm(GIVE_ACCESS) else 0
        context: dict[str, Any] = super().get_context_data(*args, **kwargs)
        return context


def register_with(*, form: RegisterPersonForm, by: User, at: dt.datetime) -> Person:
    """Hand the form's data to the service."""
    data = form.cleaned_data
    names = (
        "legal_name",
        "id_type",
        "number",
        "phone",
        "ethnicity",
        "education",
        "address",
        "sex",
        "birth_date",
    )
    person, _created = register_person(
        **{name: data[name] for name in names},
        organisation=data["organisation"],
        kind=AffiliationKind.ROSTER,
        region_code=data["organisation"].region_code,
        source=_("窗口登记"),
        by=by,
        at=at,
    )
    return person


class PersonCreateView(ScopedCreateView):
    """Register somebody at the counter."""

    page_title = gettext_lazy("登记一个人")
    submit_button_label = gettext_lazy("登记")
    submit_button_active_label = gettext_lazy("正在登记…")
    # The same words whether the person is new here or known elsewhere: that is not ours to tell.
    success_message = gettext_lazy("登记好了。")
    error_message = gettext_lazy("没有登记，请看下面的说明。")

    def get_page_subtitle(self) -> str:
        """The title says it all."""
        return ""

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Return the list and this form."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("people:index"), "label": _("人员")},
            {"url": "", "label": self.page_title},
        ]

    def get_success_message(self, instance: Any) -> str:
        """Return the message without the name: it stands on the page that follows."""
        return str(self.success_message)

    def get_success_url(self) -> str:
        """Lead to the person's page."""
        return reverse("people:inspect", args=[self.object.pk])


class PersonInspectView(ScopedInspectView):
    """One person: documents (masked), who sees them, posts, categories, accounts, history."""

    template_name = "cms/people/detail.html"
    page_title = gettext_lazy("人员")
    _show_breadcrumbs = True

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Find the person, or who stands for them since a merge."""
        self.elsewhere: HttpResponse | None = None
        try:
            super().setup(request, *args, **kwargs)
        except Http404:
            self.elsewhere = lead_on(request, self.pk)
            if self.elsewhere is None:
                raise

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Lead on from a merged row."""
        answer: HttpResponseBase = self.elsewhere or super().dispatch(request, *args, **kwargs)
        return answer

    def get_fields(self) -> list[str]:
        """The template shows what matters."""
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the person's rows as far as the reader may see them."""
        user: User = self.request.user
        person: Person = self.object
        tags = GroupTag.objects.visible_to(user).filter(person=person, superseded_at__isnull=True)
        periods = InPostPeriod.objects.visible_to(user).filter(person=person, superseded_at__isnull=True)
        health = HealthCertificate.objects.visible_to(user).current().filter(person=person)
        learned = EducationRecord.objects.visible_to(user).current().filter(person=person)
        accounts = PersonAccount.objects.filter(person=person, until__isnull=True).select_related("user")
        affiliations = list(visible_affiliations(user).filter(person=person))
        context: dict[str, Any] = super().get_context_data(
            person=person,
            documents=list(person.documents.filter(superseded_at__isnull=True)),
            affiliations=affiliations,
            in_post_periods=list(periods.select_related("organisation").order_by("-started_on")),
            group_tags=list(tags.select_related("organisation").order_by("-valid_from")),
            health_certificates=list(health.select_related("organisation").order_by("-issued_on")),
            education_records=list(learned.select_related("organisation").order_by("finished_on", "pk")),
            accounts=list(accounts.order_by("since")),
            history=history_of(person, user, limit=20),
            consents=list(person.consents.select_related("text").order_by("-given_at", "-pk")),
            undertakings=list(person.undertakings.select_related("text").order_by("-given_at", "-pk")),
            can_record=user.has_perm(RECORD),
            can_give_access=user.has_perm(GIVE_ACCESS),
            can_merge=user.has_perm(MERGE),
            former_names=list(person.former_names.order_by("-until", "-pk")),
            old_documents=list(
                person.documents.filter(superseded_at__isnull=False).order_by("-superseded_at")
            ),
            waiting=ChangeProposal.objects.visible_to(user)
            .filter(person=person, state=ChangeState.WAITING)
            .first(),
            merges=list(person.merges_kept.filter(undone_at__isnull=True).select_related("merged")),
            can_reveal=user.has_perm(reveals.REVEAL) and standpoint(user, person) is not None,
            **kwargs,
        )
        return context


class PersonViewSet(ScopedModelViewSet):
    """人员."""

    model = Person
    name = "people"
    icon = "user"
    menu_label = gettext_lazy("人员")
    index_view_class = PersonIndexView
    add_view_class = PersonCreateView
    inspect_view_class = PersonInspectView
    index_results_template_name = "cms/people/index_results.html"
    inspect_template_name = "cms/people/detail.html"
    filterset_class = PersonFilterSet
    # Never by number: what is searched for stands in the address. See ``cms.backoffice.find_by_number``.
    search_fields = ["search_key"]
    ordering = ["name_pinyin", "pk"]
    create_with = register_with
    list_display = [
        ChooseColumn("choose", label=gettext_lazy("选")),
        TitleColumn(
            "legal_name",
            label=gettext_lazy("姓名"),
            get_url=lambda person: reverse("people:inspect", args=[person.pk]),
        ),
        Column("documents", label=gettext_lazy("证件号码"), accessor=masked_of),
        Column("phone", label=gettext_lazy("联系电话")),
        Column("organisations", label=gettext_lazy("机构"), accessor=organisations_shown),
    ]

    def get_form_class(self, for_update: bool = False) -> type[RegisterPersonForm]:
        """Return the counter's form."""
        return RegisterPersonForm

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add the forms about one person and the sheet of slips."""
        return [
            *super().get_urlpatterns(),
            path("<int:pk>/document/", person_forms.DocumentView.as_view(), name="document"),
            path("<int:pk>/correct/", CorrectView.as_view(), name="correct"),
            path("<int:pk>/in-post/", person_forms.InPostView.as_view(), name="in_post"),
            path("in-post/<int:pk>/end/", person_forms.EndInPostView.as_view(), name="end_in_post"),
            path("<int:pk>/group/", person_forms.GroupTagView.as_view(), name="group"),
            path("<int:pk>/health/", person_forms.HealthCertificateView.as_view(), name="health"),
            path("<int:pk>/education/", person_forms.EducationView.as_view(), name="education"),
            path("<int:pk>/consent/", person_forms.PaperConsentView.as_view(), name="consent"),
            path("<int:pk>/number/<int:document>/", reveals.RevealView.as_view(), name="reveal"),
            path("<int:pk>/delegate/", person_forms.DelegateView.as_view(), name="delegate"),
            *merge_urls(),
            *double_urls(),
            path("find/", FindByNumberView.as_view(), name="find"),
            path("slips/", slips.print_slips, name="slips"),
        ]
