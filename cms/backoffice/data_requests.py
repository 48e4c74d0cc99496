"""更正和删除申请: the officers' queue, and the answer to each; a deletion passes through two hands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, IntegerField, Value, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView
from django_filters import ChoiceFilter
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from cms.access import get_visible_or_404
from cms.backoffice.corrections import CorrectView
from cms.backoffice.messages import StateColumn
from cms.backoffice.viewsets import ScopedIndexView, ScopedInspectView, ScopedModelViewSet
from cms.enums import DATA_REQUEST_MOVES, OPEN_REQUESTS, DataField, DataRequestKind, DataRequestState
from cms.errors import DomainError
from cms.forms.my_data import AnswerForm
from cms.models import DataRequest, User
from cms.my_data import holds_on
from cms.services import data_requests as services
from cms.ui.dates import moment
from cms.ui.states import register_state_colours

ANSWER = "cms.change_datarequest"
APPROVE = "cms.approve_deletion"

register_state_colours(
    DataRequestState,
    {
        DataRequestState.SUBMITTED: "info",
        DataRequestState.PROPOSED: "warn",
        DataRequestState.ACCEPTED: "good",
        DataRequestState.PARTLY: "good",
    },
)


@dataclass(frozen=True)
class Move:
    """One thing an officer may do with a request now."""

    label: str | Promise
    service: Callable[..., DataRequest]
    to: frozenset[str]
    permission: str = ANSWER
    hint: str | Promise = ""


def _answering(state: DataRequestState) -> Callable[..., DataRequest]:
    return partial(services.answer_request, to=state)


_CORRECT_FIRST = gettext_lazy("电话、民族、地址会自动改；别的请先在这个人的页面改好，再点同意。")
_ACCEPT = Move(
    gettext_lazy("同意，改好了"),
    _answering(DataRequestState.ACCEPTED),
    frozenset({DataRequestState.ACCEPTED}),
    hint=_CORRECT_FIRST,
)
_PART = Move(
    gettext_lazy("只同意一部分"),
    _answering(DataRequestState.PARTLY),
    frozenset({DataRequestState.PARTLY}),
    hint=gettext_lazy("先在这个人的页面改好能改的，再写明改了什么、为什么别的不改。"),
)
_DECLINE = Move(
    gettext_lazy("不同意"), _answering(DataRequestState.DECLINED), frozenset({DataRequestState.DECLINED})
)
_PROPOSE = Move(
    gettext_lazy("同意删除，交复核"),
    services.propose_deletion,
    frozenset({DataRequestState.PROPOSED}),
    hint=gettext_lazy("写好给本人的答复。另一个人复核同意以后，才发给本人、才会删。"),
)
_APPROVE = Move(
    gettext_lazy("复核同意"),
    services.approve_deletion,
    frozenset({DataRequestState.ACCEPTED, DataRequestState.PARTLY}),
    APPROVE,
    hint=gettext_lazy("到日子就删，找不回来。答复是经办的人写的，可以改。"),
)
_RETURN = Move(
    gettext_lazy("退回经办的人"),
    services.return_deletion,
    frozenset({DataRequestState.SUBMITTED}),
    APPROVE,
    hint=gettext_lazy("写明为什么退回，经办的人看。"),
)
MOVES: dict[str, dict[str, Move]] = {
    DataRequestKind.CORRECTION: {"accept": _ACCEPT, "part": _PART, "decline": _DECLINE},
    DataRequestKind.DELETION: {
        "propose": _PROPOSE,
        "decline": _DECLINE,
        "approve": _APPROVE,
        "return": _RETURN,
    },
}


def moves_of(request: DataRequest, user: User) -> dict[str, Move]:
    """Return what ``user`` may do with ``request`` now, by name."""
    legal = DATA_REQUEST_MOVES[request.kind][request.state]
    second = request.state == DataRequestState.PROPOSED
    return {
        name: move
        for name, move in MOVES[request.kind].items()
        if move.to & legal
        and user.has_perm(move.permission)
        and not (second and request.proposed_by_id == user.pk)
    }


# Put right by 更正身份, which keeps what stood before and may need a second look.
IDENTITY = frozenset({DataField.NAME, DataField.DOCUMENT, DataField.BIRTH})


class DataRequestFilterSet(WagtailFilterSet):
    """By kind and state."""

    kind = ChoiceFilter(label=gettext_lazy("申请"), choices=DataRequestKind.choices)
    state = ChoiceFilter(label=gettext_lazy("状态"), choices=DataRequestState.choices)

    class Meta:
        model = DataRequest
        fields = ["kind", "state"]


class DataRequestIndexView(ScopedIndexView):
    """The queue: what waits first, the oldest of it on top."""

    def get_base_queryset(self) -> Any:
        """Open ones before answered ones."""
        rows = super().get_base_queryset()
        waits = Case(
            When(state__in=sorted(OPEN_REQUESTS), then=Value(0)),
            default=Value(1),
            output_field=IntegerField(),
        )
        return rows.annotate(waits=waits).order_by("waits", "pk")


class DataRequestInspectView(ScopedInspectView):
    """One request: what is asked, what is held, and the moves that are legal now."""

    template_name = "cms/people/data_request.html"
    page_title = gettext_lazy("更正和删除申请")

    def get_fields(self) -> list[str]:
        """The template shows what matters."""
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give the request in words, the holds on a deletion, and the buttons."""
        request: DataRequest = self.object
        is_deletion = request.kind == DataRequestKind.DELETION
        holds = (
            holds_on(request.person, timezone.localdate()) if is_deletion and not request.erased_at else []
        )
        context: dict[str, Any] = super().get_context_data(
            row=request,
            person=request.person,
            words=services.words_of(request),
            holds=holds,
            may_correct=request.field in IDENTITY and self.request.user.has_perm(CorrectView.permission),
            moves=[
                (reverse("data_requests:answer", args=[request.pk, name]), move.label)
                for name, move in moves_of(request, self.request.user).items()
            ],
            **kwargs,
        )
        return context


class AnswerView(WagtailAdminTemplateMixin, FormView):  # type: ignore[type-arg]  # not subscriptable at run time
    """The words that go with a move."""

    template_name = "cms/people/answer.html"
    form_class = AnswerForm
    header_icon = "form"
    request: HttpRequest
    _show_breadcrumbs = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find the request in scope (404), ask for the right (403), and for a move that is legal."""
        user: Any = request.user
        self.user: User = user
        rows = DataRequest.objects.select_related("person")
        self.row = get_visible_or_404(rows, self.user, pk=self.kwargs["pk"])
        if not self.user.has_perm(ANSWER):
            raise PermissionDenied
        if self.kwargs["move"] not in MOVES[self.row.kind]:
            raise Http404
        if self.kwargs["move"] not in moves_of(self.row, self.user):
            messages.warning(request, _("这个申请已经变了，或者要由别人办。"))
            return redirect("data_requests:inspect", self.row.pk)
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def move(self) -> Move:
        """Return what is being done."""
        return MOVES[self.row.kind][self.kwargs["move"]]

    def get_page_title(self) -> str:
        """Return the move in words."""
        return str(self.move.label)

    def get_initial(self) -> dict[str, Any]:
        """The second person finds the answer that the first one wrote."""
        return {"words": services.words_of(self.row)["answer"]} if self.move is _APPROVE else {}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give the request and what the move does."""
        context: dict[str, Any] = super().get_context_data(
            row=self.row, person=self.row.person, words=services.words_of(self.row), move=self.move, **kwargs
        )
        return context

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Return the queue, the request and this form."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("data_requests:index"), "label": _("更正和删除申请")},
            {"url": reverse("data_requests:inspect", args=[self.row.pk]), "label": str(self.row.person)},
            {"url": "", "label": self.get_page_title()},
        ]

    def form_valid(self, form: AnswerForm) -> HttpResponse:
        """Call the move's service; show what it refuses."""
        try:
            self.move.service(self.row, words=form.cleaned_data["words"], by=self.user, at=timezone.now())
        except DomainError as error:
            form.add_refusals(error)
            return self.form_invalid(form)
        messages.success(self.request, _("办好了。"))
        return redirect("data_requests:inspect", self.row.pk)


class DataRequestViewSet(ScopedModelViewSet):
    """更正和删除申请."""

    model = DataRequest
    name = "data_requests"
    url_prefix = "data-requests"
    icon = "form"
    menu_label = gettext_lazy("更正和删除申请")
    index_view_class = DataRequestIndexView
    inspect_view_class = DataRequestInspectView
    inspect_template_name = "cms/people/data_request.html"
    filterset_class = DataRequestFilterSet
    list_select_related = ("person", "organisation")
    list_display = [
        TitleColumn(
            "person",
            label=gettext_lazy("谁"),
            get_url=lambda row: reverse("data_requests:inspect", args=[row.pk]),
        ),
        Column("kind", label=gettext_lazy("申请"), accessor="get_kind_display"),
        Column("field", label=gettext_lazy("哪一项"), accessor="get_field_display"),
        StateColumn("state", label=gettext_lazy("状态")),
        Column("asked_at", label=gettext_lazy("申请时间"), accessor=lambda row: moment(row.asked_at)),
        Column("organisation", label=gettext_lazy("受理机构")),
    ]
    form_fields = ["state"]

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add the answers."""
        return [
            *super().get_urlpatterns(),
            path("<uuid:pk>/<slug:move>/", AnswerView.as_view(), name="answer"),
        ]
