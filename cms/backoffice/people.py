"""人员: the list, one person's page, and registering somebody at the counter."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import BaseColumn, Column, TitleColumn

from cms.backoffice import person_forms, reveals, slips
from cms.backoffice.history import history_of
from cms.backoffice.viewsets import (
    ScopedCreateView,
    ScopedIndexView,
    ScopedInspectView,
    ScopedModelViewSet,
)
from cms.enums import AffiliationKind, PersonGroup
from cms.forms.people import RegisterPersonForm
from cms.models import (
    Affiliation,
    GroupTag,
    InPostPeriod,
    Organisation,
    Person,
    PersonAccount,
    PersonDocument,
    User,
)
from cms.querysets import live_on
from cms.services.people import register_person
from cms.services.reveals import standpoint
from cms.slip_sheets import LIMIT

# Rights of the screens: one to register and record, one to hand out access.
RECORD = "cms.add_person"
GIVE_ACCESS = "cms.add_personslip"


def visible_affiliations(user: User) -> QuerySet[Affiliation]:
    """Return the affiliations whose organisation or place is the user's: others' reasons are not shown."""
    rows = Affiliation.objects.select_related("organisation").order_by("organisation__name", "since")
    scope = user.scope()
    if scope.everything:
        return rows
    return rows.filter(Q(organisation_id__in=scope.organisations()) | scope.region_filter("region_code"))


def with_shown_rows(people: QuerySet[Person], user: User) -> QuerySet[Person]:
    """Join what a listing shows: current documents and the reasons the user may know, two queries."""
    documents = PersonDocument.objects.filter(superseded_at__isnull=True)
    return people.prefetch_related(
        Prefetch("documents", queryset=documents, to_attr="shown_documents"),
        Prefetch("affiliations", queryset=visible_affiliations(user), to_attr="shown_affiliations"),
    )


def masked_of(person: Any) -> str:
    """Return the masked numbers of a row read ``with_shown_rows``."""
    return "、".join(document.masked for document in person.shown_documents) or _("没有核验")


def organisations_shown(person: Any) -> str:
    """Return the organisations of a row read ``with_shown_rows``, each once."""
    return "、".join(dict.fromkeys(row.organisation.name for row in person.shown_affiliations))


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
    in_post = django_filters.BooleanFilter(label=gettext_lazy("今天在岗"), method="in_post_today")

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
    def columns(self) -> list[Any]:
        """Leave out the boxes for who cannot print slips."""
        columns: list[Any] = super().columns
        if self.request.user.has_perm(GIVE_ACCESS):
            return columns
        return [column for column in columns if not isinstance(column, ChooseColumn)]

    def search_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Find by a part of the name, its spelling or its initials; blanks do not matter.

        Never by number: what is searched for stands in the address.
        """
        if not self.is_searching:
            return queryset
        words = "".join(self.search_query.split())
        return queryset.filter(Q(legal_name__contains=words) | Q(name_pinyin__contains=words.lower()))

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

    def get_fields(self) -> list[str]:
        """The template shows what matters."""
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the person's rows as far as the reader may see them."""
        user: User = self.request.user
        person: Person = self.object
        tags = GroupTag.objects.visible_to(user).filter(person=person, superseded_at__isnull=True)
        periods = InPostPeriod.objects.visible_to(user).filter(person=person, superseded_at__isnull=True)
        accounts = PersonAccount.objects.filter(person=person, until__isnull=True).select_related("user")
        affiliations = list(visible_affiliations(user).filter(person=person))
        context: dict[str, Any] = super().get_context_data(
            person=person,
            documents=list(person.documents.filter(superseded_at__isnull=True)),
            affiliations=affiliations,
            in_post_periods=list(periods.select_related("organisation").order_by("-started_on")),
            group_tags=list(tags.select_related("organisation").order_by("-valid_from")),
            accounts=list(accounts.order_by("since")),
            history=history_of(person, user, limit=20),
            consents=list(person.consents.select_related("text").order_by("-given_at", "-pk")),
            undertakings=list(person.undertakings.select_related("text").order_by("-given_at", "-pk")),
            can_record=user.has_perm(RECORD),
            can_give_access=user.has_perm(GIVE_ACCESS),
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
    search_fields = ["legal_name", "name_pinyin"]
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
            path("<int:pk>/in-post/", person_forms.InPostView.as_view(), name="in_post"),
            path("in-post/<int:pk>/end/", person_forms.EndInPostView.as_view(), name="end_in_post"),
            path("<int:pk>/group/", person_forms.GroupTagView.as_view(), name="group"),
            path("<int:pk>/consent/", person_forms.PaperConsentView.as_view(), name="consent"),
            path("<int:pk>/number/<int:document>/", reveals.RevealView.as_view(), name="reveal"),
            path("<int:pk>/delegate/", person_forms.DelegateView.as_view(), name="delegate"),
            path("slips/", slips.print_slips, name="slips"),
        ]
