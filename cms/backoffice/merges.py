"""合并重复登记: find the other row, look at both side by side, confirm; the list of merges, and undoing one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView, TemplateView
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from cms.access import get_visible_or_404
from cms.backoffice.people_shown import masked_of, organisations_shown, with_shown_rows
from cms.backoffice.viewsets import ScopedIndexView, ScopedInspectView, ScopedModelViewSet
from cms.errors import DomainError
from cms.forms.merges import MergeForm, UndoForm
from cms.models import InPostPeriod, Person, PersonMerge, User
from cms.search.names import KEY, found_by
from cms.services.locking import standing_person
from cms.services.merging import MergePreview, merge_people, preview_merge, refuse_known_elsewhere, undo_merge

MERGE = "cms.merge_person"
MOST_FOUND = 20


def lead_on(request: HttpRequest, pk: int) -> HttpResponse | None:
    """Return the way from a merged row's old address to who stands for it now, if the reader may go there."""
    user: Any = request.user
    merged = Person.objects.filter(pk=pk, merged_into__isnull=False).select_related("merged_into").first()
    if merged is None:
        return None
    kept = standing_person(merged)
    if not Person.objects.visible_to(user).filter(pk=kept.pk).exists():
        return None
    messages.info(request, _("这份登记已经并入同一个人的另一份，下面是留下的那份。"))
    return redirect("people:inspect", kept.pk)


class MergeScreen(WagtailAdminTemplateMixin):
    """What both steps share: the person of the address in scope (404), then the right (403)."""

    header_icon = "user"
    _show_breadcrumbs = True
    request: Any
    user: Any
    kwargs: dict[str, Any]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find who is kept."""
        self.user = request.user
        if (gone := lead_on(request, self.kwargs["pk"])) is not None:
            return gone
        self.person = get_visible_or_404(Person.objects.all(), self.user, pk=self.kwargs["pk"])
        if not self.user.has_perm(MERGE):
            raise PermissionDenied
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return answer

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Return the list, the person and this step."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("people:index"), "label": _("人员")},
            {"url": reverse("people:inspect", args=[self.person.pk]), "label": str(self.person)},
            {"url": "", "label": self.get_page_title()},
        ]


class FindDoubleView(MergeScreen, TemplateView):
    """Which other row is the same human: those of the same name first, others by name."""

    template_name = "cms/people/find_double.html"
    page_title = gettext_lazy("合并重复登记")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return people in scope by the typed name, or those of the same name."""
        words = self.request.GET.get("q", "").strip()
        people = Person.objects.visible_to(self.user).exclude(pk=self.person.pk)
        like = found_by(people, words, [KEY]) if words else people.filter(legal_name=self.person.legal_name)
        found = with_shown_rows(like.order_by("name_pinyin", "pk"), self.user)
        rows = [(other, masked_of(other), organisations_shown(other)) for other in found[: MOST_FOUND + 1]]
        context: dict[str, Any] = super().get_context_data(
            person=self.person, words=words, rows=rows[:MOST_FOUND], has_more=len(rows) > MOST_FOUND, **kwargs
        )
        return context


@dataclass(frozen=True)
class Compared:
    """One line of the side-by-side: what each row says, and whether they contradict each other."""

    label: str
    kept: str
    merged: str
    differs: bool


def compare(kept: Person, merged: Person, user: User) -> list[Compared]:
    """Return what both rows say, as far as the reader may see it; numbers masked, of birth the year."""
    rows = {row.pk: row for row in with_shown_rows(Person.objects.filter(pk__in=[kept.pk, merged.pk]), user)}
    one, other = rows[kept.pk], rows[merged.pk]
    lines = [
        _line(_("姓名"), one.legal_name, other.legal_name, facts=True),
        _line(_("证件号码"), masked_of(one), masked_of(other)),
        _line(_("性别"), one.get_sex_display(), other.get_sex_display(), facts=True),
        _birth(one, other),
        _line(_("联系电话"), one.phone, other.phone, facts=True),
        _line(_("民族"), one.ethnicity, other.ethnicity, facts=True),
        _line(_("文化程度"), one.get_education_display(), other.get_education_display()),
        _line(_("户籍地址"), one.address, other.address),
        _line(_("关联机构"), organisations_shown(one), organisations_shown(other)),
    ]
    posts = InPostPeriod.objects.visible_to(user).current().filter(person__in=[kept, merged])
    held = [(row.person_id, str(row.organisation)) for row in posts.select_related("organisation")]
    shown = ["、".join(dict.fromkeys(name for pk, name in held if pk == who.pk)) for who in (kept, merged)]
    registered = [f"{timezone.localtime(who.created_at):%Y-%m-%d}" for who in (kept, merged)]
    return [*lines, _line(_("用人单位"), *shown), _line(_("登记时间"), *registered)]


def _line(label: str, kept: str, merged: str, *, facts: bool = False) -> Compared:
    return Compared(label, kept or "—", merged or "—", facts and bool(kept and merged) and kept != merged)


def _birth(kept: Person, merged: Person) -> Compared:
    days = (kept.birth_date, merged.birth_date)
    shown = [str(day.year) if day else "—" for day in days]
    differs = None not in days and days[0] != days[1]
    if differs and shown[0] == shown[1]:
        shown[1] = _("%(year)s（月日不同）") % {"year": shown[1]}
    return Compared(_("出生年份"), shown[0], shown[1], differs)


class MergeView(MergeScreen, FormView):  # type: ignore[type-arg]  # not subscriptable at run time
    """Both side by side, what moves, the questions; with reason and answers, the merge."""

    template_name = "cms/people/merge.html"
    page_title = gettext_lazy("核对并合并")
    form_class = MergeForm

    @cached_property
    def other(self) -> Person:
        """Who would go, in scope too."""
        if self.kwargs["other"] == self.person.pk:
            raise Http404
        return get_visible_or_404(Person.objects.all(), self.user, pk=self.kwargs["other"])

    @cached_property
    def preview(self) -> MergePreview:
        """What would follow, as it stands now."""
        return preview_merge(self.person, self.other, at=timezone.now())

    @cached_property
    def refused(self) -> str:
        """Why this user may not merge the two, or nothing."""
        try:
            refuse_known_elsewhere(self.other, self.user)
        except DomainError as error:
            return str(error)
        return ""

    def get_form_kwargs(self) -> dict[str, Any]:
        """Ask what the conflicts ask."""
        return {**super().get_form_kwargs(), "questions": self.preview.questions}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return both people and what the merge would do."""
        reasons = [self.refused] if self.refused else []
        reasons += [conflict.text for conflict in self.preview.refused]
        context: dict[str, Any] = super().get_context_data(
            person=self.person,
            other=self.other,
            preview=self.preview,
            lines=compare(self.person, self.other, self.user),
            reasons=reasons,
            **kwargs,
        )
        return context

    def form_valid(self, form: MergeForm) -> HttpResponse:
        """Merge what was looked at."""
        try:
            merge = merge_people(
                self.person,
                self.other,
                choices=form.choices(),
                reason=form.cleaned_data["reason"],
                looked_at=self.request.POST.get("looked_at", "-"),
                by=self.user,
                at=timezone.now(),
            )
        except DomainError as error:
            form.add_refusals(error)
            del self.preview
            return self.form_invalid(form)
        messages.success(self.request, _("合并好了。弄错了可以撤销。"))
        return redirect("merges:inspect", merge.pk)


class MergeIndexView(ScopedIndexView):
    """Merges, the latest first."""

    default_ordering = "-merged_at"


class MergeInspectView(ScopedInspectView):
    """One merge: who, why, how each question was answered, and taking it back."""

    template_name = "cms/people/merged.html"
    page_title = gettext_lazy("合并记录")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what moved by kind, and the form for undoing where the reader may."""
        merge: PersonMerge = self.object
        may = merge.undone_at is None and self.request.user.has_perm(MERGE)
        kwargs.setdefault("form", UndoForm() if may else None)
        return {**super().get_context_data(**kwargs), "merge": merge, "moved": moved_words(merge)}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Undo with a reason."""
        user: Any = request.user
        if not user.has_perm(MERGE):
            raise PermissionDenied
        form = UndoForm(request.POST)
        if form.is_valid():
            try:
                undo_merge(self.object, reason=form.cleaned_data["reason"], by=user, at=timezone.now())
            except DomainError as error:
                form.add_refusals(error)
            else:
                messages.success(request, _("撤销了，两份登记恢复成合并以前的样子。"))
                return redirect("people:inspect", self.object.kept_id)
        shown: HttpResponse = self.render_to_response(self.get_context_data(form=form))
        return shown


def moved_words(merge: PersonMerge) -> list[tuple[str, int]]:
    """Return each kind of row with how many of them the merge moved."""
    from django.apps import apps

    counts: dict[str, int] = {}
    for told in merge.moved:
        if "person_id" in told["values"]:
            counts[told["model"]] = counts.get(told["model"], 0) + 1
    return [(str(apps.get_model(label)._meta.verbose_name), count) for label, count in counts.items()]


class MergeViewSet(ScopedModelViewSet):
    """合并记录."""

    model = PersonMerge
    name = "merges"
    icon = "resubmit"
    menu_label = gettext_lazy("合并记录")
    index_view_class = MergeIndexView
    inspect_view_class = MergeInspectView
    inspect_template_name = "cms/people/merged.html"
    list_select_related = ("kept", "merged", "merged_by")
    list_display = [
        TitleColumn("kept", label=gettext_lazy("留下的登记"), url_name="merges:inspect"),
        Column("merged", label=gettext_lazy("并掉的登记")),
        Column("merged_at", label=gettext_lazy("合并时间"), sort_key="merged_at"),
        Column("merged_by", label=gettext_lazy("合并人")),
        Column("undone", label=gettext_lazy("撤销"), accessor=lambda merge: _undone(merge.undone_at)),
    ]
    search_fields = ["kept__legal_name", "merged__legal_name"]
    form_fields = ["reason"]


def _undone(moment: dt.datetime | None) -> str:
    return "" if moment is None else f"{timezone.localtime(moment):%Y-%m-%d}"


def merge_urls() -> list[URLPattern]:
    """Return the addresses of the two steps, below a person's."""
    return [
        path("<int:pk>/merge/", FindDoubleView.as_view(), name="find_double"),
        path("<int:pk>/merge/<int:other>/", MergeView.as_view(), name="merge"),
    ]
