"""记录: what happened to one object and to what belongs to it, as far as the reader may see it.

Every model with a screen in the back office has this page; an app registers in ``history_subjects`` what
belongs to an object, and models that have no screen of their own (a session, an enrolment).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.viewsets import viewsets

from cms.backoffice.history_words import HistoryLine, lines_of, model_of
from cms.models import AuditEntry, Person, User
from cms.registry import Registry

LINES_PER_PAGE = 50
Related = Callable[[Any], Mapping[str, Iterable[Any]]]
URL_NAME = "caravan_history"
# Nothing ever happens to these.
_UNCHANGING = frozenset({"cms.auditentry", "cms.auditseal"})


def _nothing(subject: Any) -> Mapping[str, Iterable[Any]]:
    return {}


@dataclass(frozen=True)
class HistorySubject:
    """How a kind of object tells its history.

    ``related`` returns the keys of rows that belong to it, by model label. ``gate`` is the model whose
    permission opens the page where the kind has no screen of its own.
    """

    related: Related = _nothing
    gate: str = ""


history_subjects: Registry[HistorySubject] = Registry("history_subjects")


@dataclass
class _Screens:
    """Which model has which screen; read once, after all screens are registered."""

    by_label: dict[str, Any] = field(default_factory=dict)

    def of(self, label: str) -> Any:
        """Return the viewset on the model ``label``, or None."""
        if not self.by_label:
            from cms.backoffice.viewsets import ScopedModelViewSet

            self.by_label = {
                viewset.model._meta.label_lower: viewset
                for viewset in viewsets.viewsets
                if isinstance(viewset, ScopedModelViewSet)
            }
        return self.by_label.get(label)


_screens = _Screens()


def history_url(subject: Model, user: Any) -> str | None:
    """Return the address of the object's history page, or None where ``user`` has none."""
    label = subject._meta.label_lower
    return reverse(URL_NAME, args=[label, subject.pk]) if may_read(user, label) else None


def may_read(user: Any, label: str) -> bool:
    """Say whether the page is open to ``user`` for objects of this kind; which of them, scope says."""
    registered = history_subjects.get(label) if label in history_subjects else None
    if label in _UNCHANGING or (_screens.of(label) is None and (registered is None or not registered.gate)):
        return False
    app, _dot, model = (registered.gate if registered and registered.gate else label).partition(".")
    return any(user.has_perm(f"{app}.{verb}_{model}") for verb in ("view", "add", "change"))


def entries_about(subject: Model, user: User) -> QuerySet[AuditEntry]:
    """Return the entries about ``subject`` and what belongs to it that ``user`` may see, newest first.

    Who sees an object that is nobody's (a course, a region) sees what was done to it. A person is shared
    by organisations that must not see each other: there only the entries in scope count.
    """
    label = subject._meta.label_lower
    about = Q(object_type=label, object_id=str(subject.pk))
    if isinstance(subject, Person):
        about |= Q(for_person_id=subject.pk)
    if label in history_subjects:
        for related, keys in history_subjects.get(label).related(subject).items():
            about |= Q(object_type=related, object_id__in=[str(key) for key in keys])
    visible = AuditEntry.objects.visible_to(user).filter(about)
    if not isinstance(subject, Person):
        own = Q(object_type=label, object_id=str(subject.pk))
        visible = visible | AuditEntry.objects.filter(own, organisation_id__isnull=True, region_code="")
    return visible.order_by("-at", "-pk")


def history_of(subject: Model, user: User, *, limit: int = 50) -> list[HistoryLine]:
    """Return the newest lines about the object."""
    return lines_of(entries_about(subject, user)[:limit], user)


class HistoryView(WagtailAdminTemplateMixin, TemplateView):
    """Who did what to one object, when, for whom; what it was and what it became."""

    template_name = "cms/history/detail.html"
    header_icon = "history"
    page_title = gettext_lazy("记录")
    request: HttpRequest

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show a page of lines; 404 for what the reader may not see."""
        response = self.render_to_response(self.get_context_data())
        response.headers["Cache-Control"] = "no-store"
        return response

    @cached_property
    def subject(self) -> Model:
        """The object, if it is visible."""
        label = str(self.kwargs["label"])
        model = model_of(label)
        if model is None or not may_read(self.request.user, label):
            raise Http404
        rows: Any = model._default_manager.all()
        try:
            found: Model | None = rows.visible_to(self.request.user).filter(pk=self.kwargs["pk"]).first()
        except (ValidationError, ValueError):
            raise Http404 from None
        if found is None:
            raise Http404
        return found

    def get_page_subtitle(self) -> str:
        """Name the object."""
        return f"{capfirst(self.subject._meta.verbose_name)} {self.subject}"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Return home, the object and this page."""
        here = {"url": "", "label": self.page_title, "sublabel": self.get_page_subtitle()}
        back = object_url(self.subject)
        return [*self.breadcrumbs_items, *([{"url": back, "label": str(self.subject)}] if back else []), here]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return a page of lines: the same number of queries however many there are."""
        user: Any = self.request.user
        page = Paginator(entries_about(self.subject, user), LINES_PER_PAGE).get_page(
            self.request.GET.get("p")
        )
        context: dict[str, Any] = super().get_context_data(
            page=page, lines=lines_of(page.object_list, user), subject=self.subject, **kwargs
        )
        return context


def object_url(subject: Model) -> str | None:
    """Return the address of the object's own screen, if it has one."""
    viewset = _screens.of(subject._meta.label_lower)
    if viewset is None:
        return None
    try:
        return reverse(viewset.get_url_name("inspect"), args=[subject.pk])
    except NoReverseMatch:
        return None


def describe(label: str) -> str:
    """Return the name of a kind of object, for choices."""
    model = model_of(label)
    return str(capfirst(model._meta.verbose_name)) if model else label
