"""身份更正: correct a person, the list of corrections, and the second look at those that wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from wagtail.admin.ui.tables import Column, TitleColumn

from cms.access import get_visible_or_404
from cms.backoffice.person_forms import PersonFormView
from cms.backoffice.todo import Todo, todos
from cms.backoffice.viewsets import ScopedIndexView, ScopedInspectView, ScopedModelViewSet
from cms.enums import ChangeState, Sex
from cms.errors import DomainError
from cms.forms.corrections import CorrectionForm, DecisionForm
from cms.forms.people import organisations_of
from cms.models import ChangeProposal, Person, User
from cms.services.corrections import accept_change, correct_person, decline_change, withdraw_change

DECIDE = "cms.change_changeproposal"


class CorrectView(PersonFormView):
    """Correct name, document, birth date or sex."""

    page_title = gettext_lazy("更正身份")
    form_class = CorrectionForm

    def form_valid(self, form: Any) -> HttpResponse:
        """Say whether it holds or waits."""
        try:
            change = self.save(form.cleaned_data, timezone.now())
        except DomainError as error:
            form.add_refusals(error)
            return self.form_invalid(form)
        if change.state == ChangeState.DIRECT:
            messages.success(self.request, _("更正好了。原来的姓名和证件还留着。"))
            return redirect(self.get_success_url())
        messages.success(self.request, _("提出来了。这个人还有别的机构在用，审核同意以后才改。"))
        return redirect("corrections:inspect", change.pk)

    def save(self, data: dict[str, Any], at: Any) -> ChangeProposal:
        """Correct or propose."""
        return correct_person(self.person, **data, by=self.user, at=at)


@dataclass(frozen=True)
class ShownFact:
    """One thing corrected: before and after."""

    label: str
    before: str
    after: str


def shown_facts(change: ChangeProposal) -> list[ShownFact]:
    """Return what changes in words; a document by its mask."""
    facts = []
    for name, (before, after) in change.facts.items():
        label = next(str(field.verbose_name) for field in Person._meta.fields if field.name == name)
        words = [
            str(Sex(value).label) if name == "sex" and value else value or "—" for value in (before, after)
        ]
        facts.append(ShownFact(label, *words))
    if change.masked:
        days = "–".join(day.isoformat() for day in (change.valid_from, change.valid_until) if day)
        facts.append(ShownFact(str(change.get_id_type_display()), "—", f"{change.masked} {days}".strip()))
    return facts


def what_changes(change: ChangeProposal) -> str:
    """Return the names of what a correction touches."""
    return "、".join(fact.label for fact in shown_facts(change))


def may_withdraw(change: ChangeProposal, user: User) -> bool:
    """Say whether the user works for the office that proposed it."""
    own = organisations_of(user).filter(pk=change.organisation_id).exists()
    return change.state == ChangeState.WAITING and own


class ChangeIndexView(ScopedIndexView):
    """Corrections, those that wait first, then the latest."""

    default_ordering = "-proposed_at"


class ChangeInspectView(ScopedInspectView):
    """One correction: what stood, what shall stand, who says so, who decided."""

    template_name = "cms/people/correction.html"
    page_title = gettext_lazy("身份更正")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return before and after, and the buttons the reader may press."""
        change: ChangeProposal = self.object
        user: User = self.request.user
        decides = (
            user.has_perm(DECIDE) and ChangeProposal.objects.to_decide(user).filter(pk=change.pk).exists()
        )
        kwargs.setdefault("form", DecisionForm() if decides else None)
        return {
            **super().get_context_data(**kwargs),
            "change": change,
            "facts": shown_facts(change),
            "person_is_seen": Person.objects.visible_to(user).filter(pk=change.person_id).exists(),
            "can_withdraw": may_withdraw(change, user),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Accept or decline; a refusal stays on the form."""
        user: Any = request.user
        if not user.has_perm(DECIDE):
            raise PermissionDenied
        form = DecisionForm(request.POST)
        yes = request.POST.get("answer") == "accept"
        if form.is_valid():
            decide = accept_change if yes else decline_change
            try:
                decide(self.object, note=form.cleaned_data["note"], by=user, at=timezone.now())
            except DomainError as error:
                form.add_refusals(error)
            else:
                messages.success(request, _("同意了，已经改好。") if yes else _("记下了：不同意。"))
                return redirect("corrections:inspect", self.object.pk)
        shown: HttpResponse = self.render_to_response(self.get_context_data(form=form))
        return shown


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a correction of one's own organisation back."""
    user: Any = request.user
    change = get_visible_or_404(ChangeProposal.objects.all(), user, pk=pk)
    if not may_withdraw(change, user):
        raise PermissionDenied
    try:
        withdraw_change(change, by=user, at=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("撤回了。"))
    return redirect("corrections:inspect", pk)


class ChangeViewSet(ScopedModelViewSet):
    """身份更正."""

    model = ChangeProposal
    name = "corrections"
    icon = "edit"
    menu_label = gettext_lazy("身份更正")
    index_view_class = ChangeIndexView
    inspect_view_class = ChangeInspectView
    inspect_template_name = "cms/people/correction.html"
    list_select_related = ("person", "organisation", "proposed_by")
    list_filter = ["state"]
    list_display = [
        TitleColumn("person", label=gettext_lazy("姓名"), url_name="corrections:inspect"),
        Column("what", label=gettext_lazy("更正什么"), accessor=what_changes),
        Column("organisation", label=gettext_lazy("提出机构")),
        Column("proposed_at", label=gettext_lazy("提出时间"), sort_key="proposed_at"),
        Column("get_state_display", label=gettext_lazy("状态")),
    ]
    search_fields = ["person__legal_name"]
    form_fields = ["reason"]

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add taking one back."""
        return [*super().get_urlpatterns(), path("<int:pk>/withdraw/", withdraw, name="withdraw")]


def corrections_to_decide(user: User) -> Todo | None:
    """Corrections that wait for this user's second look."""
    if not user.has_perm(DECIDE):
        return None
    return Todo(
        gettext_lazy("待审更正"),
        gettext_lazy("别的机构提出改姓名、证件或出生日期，看了再定"),
        ChangeProposal.objects.to_decide(user).count(),
        f"{reverse('corrections:index')}?state={ChangeState.WAITING}",
    )


todos.register("corrections", corrections_to_decide)
