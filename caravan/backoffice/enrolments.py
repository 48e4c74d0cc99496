"""Who is in a class, in the back office: the list, enrolling from the roster, withdrawing, answering offers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from caravan.backoffice.frame import find_class, find_own_class, head, say_refusal, user_of
from caravan.duties import runs_office_of
from caravan.eligibility import CONSENT_MISSING, Applicants, refusals_of
from caravan.enums import EnrolmentState, EnrolmentWay
from caravan.forms.enrolling import WithdrawForm
from caravan.forms.office_enrolling import MOST, EnrolPeopleForm, PeopleFilterForm
from caravan.models import Enrolment, TrainingClass
from caravan.services.enrolment import EnrolOutcome, EnrolResult, accept_offer, enrol_many, withdraw
from caravan.services.seating import count_seats
from cms.backoffice.panels import Panel
from cms.errors import DomainError
from cms.exporting.declarations import exports
from cms.keys import row_keys
from cms.models import Person, PersonDocument
from cms.services.consents import record_paper_consents

PER_PAGE = 100
_LEAVING = frozenset({EnrolmentState.ENROLLED, EnrolmentState.WAITING, EnrolmentState.OFFERED})
# The order of the outcome table: what needs a look comes first.
_ORDER = [EnrolResult.REFUSED, EnrolResult.WAITING, EnrolResult.ALREADY, EnrolResult.ENROLLED]
_TONES = {
    EnrolResult.REFUSED: "bad",
    EnrolResult.WAITING: "warn",
    EnrolResult.ALREADY: "neutral",
    EnrolResult.ENROLLED: "good",
}


@require_safe
def listing(request: HttpRequest, pk: int) -> HttpResponse:
    """The roll with the queue and who left, by state."""
    training_class = find_class(request, pk)
    wanted = request.GET.get("state", "")
    rows = training_class.enrolments.select_related("person", "waiting").prefetch_related(
        _documents("person__")
    )
    if wanted in EnrolmentState.values:
        rows = rows.filter(state=wanted)
    counts = training_class.enrolments.order_by().values_list("state").annotate(n=Count("pk"))
    found: dict[str, int] = dict(counts)
    context = {
        **head(training_class, _("报名名单")),
        "page": Paginator(rows.order_by("roll_no", "waiting__queue_no", "pk"), PER_PAGE).get_page(
            request.GET.get("p")
        ),
        "states": [(state, found[state]) for state in EnrolmentState if state in found],
        "wanted": wanted,
        "leaving": _LEAVING,
        "is_office": runs_office_of(user_of(request), training_class),
        "exports": _exports(request, training_class, wanted),
    }
    return render(request, "caravan/backoffice/enrolments.html", context)


def _exports(request: HttpRequest, training_class: TrainingClass, wanted: str) -> list[tuple[Any, str]]:
    """Return title and address of what may be exported of this class, in the state that is shown."""
    found = []
    for slug in ("enrolments", "attendance"):
        export = exports.get(slug)
        if user_of(request).has_perm(export.permission):
            query = {"training_class": str(training_class.pk)}
            if wanted in EnrolmentState.values:
                query["enrolment_state"] = wanted
            found.append((export.title, f"{reverse('caravan_export', args=[slug])}?{urlencode(query)}"))
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def enrol_people(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose people of the organiser, enrol them in one call, show every outcome."""
    training_class = find_own_class(request, pk)
    filters = PeopleFilterForm(request.GET, training_class=training_class, user=user_of(request))
    form = EnrolPeopleForm(request.POST if request.method == "POST" else None)
    people = filters.people()
    chosen = _chosen(request, people) if request.method == "POST" else []
    if request.method == "POST" and form.is_valid():
        if not 0 < len(chosen) <= MOST:
            messages.error(request, _("请选 1 到 %(most)s 个人。") % {"most": MOST})
        elif "whole" in request.POST and "sure" not in request.POST:
            return _ask(request, form, chosen, training_class)
        elif _papers_kept(request, form, chosen, training_class):
            outcomes = enrol_many(
                chosen, training_class, by=user_of(request), at=timezone.now(),
                way=EnrolmentWay.ROSTER, override=_override(form),
            )  # fmt: skip
            return _show_outcomes(request, training_class, outcomes)
    page = Paginator(people.prefetch_related(_documents()), PER_PAGE).get_page(request.GET.get("p"))
    context = {
        **head(training_class, _("从花名册报名"), (_list_url(training_class), _("报名名单"))),
        "filters": filters,
        "form": form,
        "page": page,
        "most": MOST,
        "checked": request.GET.get("check") == "all",
        # What was ticked stays; everybody was asked for by a button that asks again.
        "ticked": set() if "whole" in request.POST else {person.pk for person in chosen},
        "query": _filter_query(request),
    }
    return render(request, "caravan/backoffice/enrol_people.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_one(request: HttpRequest, pk: int, enrolment_pk: int) -> HttpResponse:
    """Take somebody out, with the reason."""
    training_class = find_own_class(request, pk)
    enrolment = _enrolment(training_class, enrolment_pk)
    if enrolment.state not in _LEAVING:
        raise Http404
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    form.fields["reason"].required = True
    form.fields["reason"].label = _("退出原因")
    if request.method == "POST" and form.is_valid():
        try:
            withdraw(enrolment, reason=form.cleaned_data["reason"], by=user_of(request), at=timezone.now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%(name)s退出了。") % {"name": enrolment.person.legal_name})
            return redirect(_list_url(training_class))
    title = _("退出：%(name)s") % {"name": enrolment.person.legal_name}
    context = {
        **head(training_class, title, (_list_url(training_class), _("报名名单"))),
        "form": form,
        "button": _("退出这个班"),
        "back": _list_url(training_class),
    }
    return render(request, "caravan/admin/form.html", context)


@require_POST
def accept_one(request: HttpRequest, pk: int, enrolment_pk: int) -> HttpResponse:
    """Accept an offered seat for somebody who said so, by phone for instance."""
    training_class = find_own_class(request, pk)
    enrolment = _enrolment(training_class, enrolment_pk)
    try:
        accept_offer(enrolment, by=user_of(request), at=timezone.now())
    except DomainError as error:
        say_refusal(request, error)
    else:
        messages.success(request, _("%(name)s报上了。") % {"name": enrolment.person.legal_name})
    return redirect(_list_url(training_class))


class EnrolmentsPanel(Panel):
    """On the class's page: the way to the list, to enrolling, and to closing."""

    name, template, order = "enrolments", "caravan/backoffice/enrolments_panel.html", 10

    def context(self, request: HttpRequest, subject: TrainingClass) -> dict[str, Any]:
        """Return what the buttons ask."""
        return {"training_class": subject, "is_office": runs_office_of(user_of(request), subject)}


def urls() -> list[URLPattern]:
    """Return the addresses of these screens, below /admin/."""
    one = "class-enrolments/<int:pk>/"
    return [
        path(one, listing, name="caravan_class_enrolments"),
        path(f"{one}people/", enrol_people, name="caravan_class_enrol_people"),
        path(f"{one}<int:enrolment_pk>/withdraw/", withdraw_one, name="caravan_class_withdraw"),
        path(f"{one}<int:enrolment_pk>/accept/", accept_one, name="caravan_class_accept"),
    ]


def _list_url(training_class: TrainingClass) -> str:
    return reverse("caravan_class_enrolments", args=[training_class.pk])


def _enrolment(training_class: TrainingClass, pk: int) -> Enrolment:
    return get_object_or_404(training_class.enrolments.select_related("person", "training_class"), pk=pk)


def _documents(prefix: str = "") -> Prefetch[Any]:
    rows = PersonDocument.objects.filter(superseded_at__isnull=True).order_by("pk")
    return Prefetch(f"{prefix}documents", queryset=rows, to_attr="current_documents")


def _chosen(request: HttpRequest, people: QuerySet[Person]) -> list[Person]:
    """Return the people ticked, or all that the filter finds; nobody outside it."""
    if "whole" in request.POST:
        return list(people[: MOST + 1])
    ids = row_keys(request.POST.getlist("person"))
    return list(people.filter(pk__in=ids)) if len(ids) <= MOST else []


def _filter_query(request: HttpRequest) -> str:
    """Return the filter of the list, without its page and its ticks."""
    query = request.GET.copy()
    for name in ("p", "check"):
        query.pop(name, None)
    return query.urlencode()


def _override(form: EnrolPeopleForm) -> str | None:
    return form.cleaned_data["override"].strip() or None


def _ask(
    request: HttpRequest, form: EnrolPeopleForm, people: list[Person], training_class: TrainingClass
) -> HttpResponse:
    """Say what enrolling all of ``people`` would do, before it is done."""
    applicants = Applicants(training_class, people, timezone.now())
    refusals = refusals_of(applicants, overridden=_override(form) is not None)
    paper = form.cleaned_data["paper"]
    codes = [{one.code for one in found} for found in refusals.values()]
    refused = sum(bool(found - {CONSENT_MISSING}) or not paper for found in codes)
    free = count_seats(training_class).free
    context = {
        **head(training_class, _("确认报名"), (_list_url(training_class), _("报名名单"))),
        "form": form,
        "people": len(people),
        "free": free,
        "refused": refused,
        "unsigned": 0 if paper else sum(CONSENT_MISSING in found for found in codes),
        "seated": min(free, len(people) - refused),
        "waiting": max(0, len(people) - refused - free),
        "query": _filter_query(request),
    }
    return render(request, "caravan/backoffice/enrol_sure.html", context)


def _papers_kept(
    request: HttpRequest, form: EnrolPeopleForm, people: list[Person], training_class: TrainingClass
) -> bool:
    """Record the papers that the box speaks of; say on the form what is wrong with them and return False."""
    if not form.cleaned_data["paper"]:
        return True
    at = timezone.now()
    try:
        record_paper_consents(
            people, region_code=training_class.region_code, kept_by=training_class.organisation,
            signed_on=form.cleaned_data["signed_on"], by=user_of(request), at=at,
        )  # fmt: skip
    except DomainError as error:
        form.add_error("signed_on" if error.field == "signed_on" else None, str(error))
        return False
    return True


def _show_outcomes(
    request: HttpRequest, training_class: TrainingClass, outcomes: list[EnrolOutcome]
) -> HttpResponse:
    labels = {
        EnrolResult.ENROLLED: _("报上了"),
        EnrolResult.WAITING: _("候补"),
        EnrolResult.ALREADY: _("已经报过"),
        EnrolResult.REFUSED: _("不能报"),
    }
    states = [one.state for one in outcomes]
    context = {
        **head(training_class, _("报名结果"), (_list_url(training_class), _("报名名单"))),
        "figures": [(labels[state], _TONES[state], states.count(state)) for state in reversed(_ORDER)],
        "rows": [
            (one.person, labels[one.state], _TONES[one.state], _words_for_office(one))
            for one in sorted(outcomes, key=lambda one: _ORDER.index(one.state))
        ],
        "list_url": _list_url(training_class),
        "query": _filter_query(request),
    }
    return render(request, "caravan/backoffice/outcomes.html", context)


def _words_for_office(outcome: EnrolOutcome) -> str:
    """Return the outcome for who enrols others: a missing consent is theirs to record, not to give."""
    if outcome.state != EnrolResult.REFUSED:
        return outcome.text
    words = _("还没有同意要签的说明。纸上签过字的，报名时勾“选中的人都在纸上签过字”再报。")
    return "".join(words if one.code == CONSENT_MISSING else str(one.message) for one in outcome.refusals)
