"""A number in clear on screen, once; and the list of who looked, for administrators and auditors."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django_filters import ChoiceFilter, DateFilter
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn

from cms.backoffice.person_forms import PersonFormView
from cms.backoffice.viewsets import ScopedIndexView, ScopedInspectView, ScopedModelViewSet
from cms.backoffice.widgets import DayInput
from cms.enums import RevealReason
from cms.errors import DomainError
from cms.forms.my_data import RevealForm
from cms.models import PersonDocument, RevealRecord
from cms.services.reveals import reveal_number, seen_today, standpoint, words_of_reveals
from cms.ui.dates import moment

REVEAL = "cms.reveal_number"


@method_decorator(never_cache, name="dispatch")
class RevealView(PersonFormView):
    """Ask why; then show the number on this answer alone."""

    page_title = gettext_lazy("看完整号码")
    form_class = RevealForm
    permission = REVEAL
    template_name = "cms/people/reveal.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say whose document it is, who will see that somebody looked, and how many are left today."""
        used = seen_today(self.user, at=timezone.now())
        context: dict[str, Any] = super().get_context_data(
            document=self.document(), person=self.person, left=max(0, settings.REVEALS_A_DAY - used), **kwargs
        )
        return context

    def document(self) -> PersonDocument:
        """Return the current document of the address, in a role that may look."""
        found = self.person.documents.filter(pk=self.kwargs["document"], superseded_at__isnull=True).first()
        if found is None or standpoint(self.user, self.person) is None:
            raise Http404
        return found

    def form_valid(self, form: Any) -> HttpResponse:
        """Show the number; nothing of it stays in a session, an address or a log."""
        document = self.document()
        try:
            record, number = reveal_number(
                document,
                reason=RevealReason(form.cleaned_data["reason"]),
                words=form.cleaned_data["words"],
                by=self.user,
                at=timezone.now(),
            )
        except DomainError as error:
            form.add_refusals(error)
            return self.form_invalid(form)
        context = self.get_context_data(form=form, number=number, record=record)
        return TemplateResponse(self.request, "cms/people/revealed.html", context)


def _who(record: RevealRecord) -> str:
    return str(record.revealed_by)


class RevealFilterSet(WagtailFilterSet):
    """By day and reason."""

    since = DateFilter(
        label=gettext_lazy("从哪天起"), field_name="at", lookup_expr="date__gte", widget=DayInput
    )
    until = DateFilter(
        label=gettext_lazy("到哪天止"), field_name="at", lookup_expr="date__lte", widget=DayInput
    )
    reason = ChoiceFilter(label=gettext_lazy("原因"), choices=RevealReason.choices)

    class Meta:
        model = RevealRecord
        fields = ["since", "until", "reason"]


class RevealIndexView(ScopedIndexView):
    """Who looked, the newest first."""

    def get_base_queryset(self) -> Any:
        """Keys are ordered by time."""
        return super().get_base_queryset().order_by("-pk")


class RevealInspectView(ScopedInspectView):
    """One look, with what was typed as its reason."""

    template_name = "cms/people/reveal_record.html"
    page_title = gettext_lazy("查看号码记录")

    def get_fields(self) -> list[str]:
        """The template shows what matters."""
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give the record and its words."""
        record: RevealRecord = self.object
        context: dict[str, Any] = super().get_context_data(
            record=record, words=words_of_reveals([record])[str(record.pk)], **kwargs
        )
        return context


class RevealViewSet(ScopedModelViewSet):
    """查看号码记录."""

    model = RevealRecord
    name = "reveals"
    icon = "view"
    menu_label = gettext_lazy("查看号码记录")
    index_view_class = RevealIndexView
    inspect_view_class = RevealInspectView
    inspect_template_name = "cms/people/reveal_record.html"
    filterset_class = RevealFilterSet
    list_select_related = ("person", "document", "organisation", "revealed_by")
    list_display = [
        TitleColumn(
            "person",
            label=gettext_lazy("看了谁的"),
            get_url=lambda record: reverse("reveals:inspect", args=[record.pk]),
        ),
        Column("document", label=gettext_lazy("证件"), accessor="document.get_id_type_display"),
        Column("revealed_by", label=gettext_lazy("谁看的"), accessor=_who),
        Column("role", label=gettext_lazy("角色"), accessor="get_role_display"),
        Column("organisation", label=gettext_lazy("机构")),
        Column("reason", label=gettext_lazy("原因"), accessor="get_reason_display"),
        Column("at", label=gettext_lazy("时间"), accessor=lambda record: moment(record.at)),
    ]
    form_fields = ["reason"]
