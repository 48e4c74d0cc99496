"""可能重复的人: pairs that look like one human, to be merged or parted for good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from cms.access import get_visible_or_404
from cms.backoffice.merges import MERGE
from cms.backoffice.people_shown import masked_of, organisations_shown, with_shown_rows
from cms.backoffice.todo import Todo, todos
from cms.doubles import LikelyDoubles, Likeness
from cms.errors import DomainError
from cms.forms.merges import NotSameForm
from cms.models import Person, User
from cms.services.doubles import part_people

PAIRS_PER_PAGE = 20
_COUNTED = 99


@dataclass(frozen=True)
class Side:
    """One of the two, as the list shows it."""

    person: Person
    masked: str
    organisations: str


@dataclass(frozen=True)
class ShownPair:
    """Two like people: the one who would be kept first, and why they are here."""

    kept: Side
    merged: Side
    reasons: list[str]

    @property
    def sides(self) -> tuple[Side, Side]:
        """Return both in order."""
        return (self.kept, self.merged)


def shown_pairs(likes: list[Likeness], user: User) -> list[ShownPair]:
    """Return the pairs with what the reader may see of both: three queries whatever the number."""
    ids = {pk for like in likes for pk in (like.one, like.other)}
    people = {row.pk: row for row in with_shown_rows(Person.objects.filter(pk__in=ids), user)}
    return [_shown(people[like.one], people[like.other], like) for like in likes]


def _shown(one: Any, other: Any, like: Likeness) -> ShownPair:
    if other.shown_documents and not one.shown_documents:
        one, other = other, one
    reasons = [_("同名")]
    if like.same_birth:
        reasons.append(_("出生日期相同"))
    if like.same_phone:
        reasons.append(_("联系电话相同"))
    if not other.shown_documents:
        reasons.append(_("有一份没有核验证件"))
    sides = [Side(who, masked_of(who), organisations_shown(who)) for who in (one, other)]
    return ShownPair(sides[0], sides[1], reasons)


class DoublesView(WagtailAdminTemplateMixin, TemplateView):
    """Pairs of one name that share more than the name, or of which one was never verified."""

    template_name = "cms/people/doubles.html"
    page_title = gettext_lazy("可能重复的人")
    header_icon = "user"
    _show_breadcrumbs = True
    request: HttpRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Only for who may merge."""
        user: Any = request.user
        if not user.has_perm(MERGE):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Return the list of people and this one."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("people:index"), "label": _("人员")},
            {"url": "", "label": self.get_page_title()},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return a page of pairs."""
        user: Any = self.request.user
        likes: Any = LikelyDoubles(user)
        page = Paginator(likes, PAIRS_PER_PAGE).get_page(self.request.GET.get("p"))
        pairs = shown_pairs(list(page.object_list), user)
        context: dict[str, Any] = super().get_context_data(page=page, pairs=pairs, **kwargs)
        return context


@require_POST
def not_same(request: HttpRequest) -> HttpResponse:
    """Remember that the two are two."""
    user: Any = request.user
    form = NotSameForm(request.POST)
    people = Person.objects.all()
    found = [
        get_visible_or_404(people, user, pk=form.cleaned_data.get(name) if form.is_valid() else None)
        for name in ("first", "second")
    ]
    if not user.has_perm(MERGE):
        raise PermissionDenied
    try:
        part_people(*found, reason=form.cleaned_data["reason"], by=user, at=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("记下了：不是同一个人，以后不再列出。"))
    return redirect("people:doubles")


def doubles_to_review(user: User) -> Todo | None:
    """Pairs to look at."""
    if not user.has_perm(MERGE):
        return None
    return Todo(
        gettext_lazy("可能重复的人"),
        gettext_lazy("同名又有别的地方一样，看看是不是同一个人"),
        LikelyDoubles(user).up_to(_COUNTED),
        reverse("people:doubles"),
    )


def double_urls() -> list[URLPattern]:
    """Return the list and the answer "not the same", below people."""
    return [
        path("doubles/", DoublesView.as_view(), name="doubles"),
        path("doubles/not-same/", not_same, name="not_same"),
    ]


todos.register("doubles", doubles_to_review)
