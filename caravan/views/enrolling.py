"""On the phone: take a seat, see where one stands, leave, answer an offer."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from caravan.eligibility import CONSENT_MISSING
from caravan.enums import ACTIVE, EnrolmentState, EnrolmentWay
from caravan.forms.enrolling import EnrolForm, WithdrawForm
from caravan.learner import EnrolmentCard, card_of, facts_of_class
from caravan.models import Enrolment, TrainingClass
from caravan.services import enrolment as service
from cms.access import SignedInRequest, get_visible_or_404, signed_in
from cms.acting import acting_person, links_of
from cms.enums import AccountRelation
from cms.errors import DomainError
from cms.models import Person, User


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def enrol(request: SignedInRequest, class_no: str) -> HttpResponse:
    """One page: for whom, which class, and one button."""
    training_class = _public_class(class_no)
    links = {link.person_id: link for link in links_of(request.user)}
    enrolled = list(
        Enrolment.objects.filter(training_class=training_class, person_id__in=links, state__in=sorted(ACTIVE))
        .select_related("person")
        .order_by("pk")
    )
    taken = {row.person_id for row in enrolled}
    people = [link.person for pk, link in links.items() if pk not in taken]
    if len(enrolled) == 1 and not people:
        return redirect("caravan:enrolment", pk=enrolled[0].pk)
    form = EnrolForm(request.POST or None, people=people, initial=_first_choice(request, people))
    if request.method == "POST" and form.is_valid():
        relation = links[form.chosen.pk].relation
        way = EnrolmentWay.SELF if relation == AccountRelation.SELF else EnrolmentWay.PROXY
        try:
            made = service.enrol(form.chosen, training_class, by=request.user, at=timezone.now(), way=way)
        except DomainError as error:
            refusals = getattr(error, "refusals", [error])
            if [refusal.code for refusal in refusals] == [CONSENT_MISSING]:
                return redirect(_agree_url(request, form.chosen, training_class))
            for refusal in refusals:
                form.add_error(None, str(refusal.message))
        else:
            return redirect("caravan:enrolment", pk=made.pk)
    context = {
        "form": form,
        "training_class": training_class,
        "facts": facts_of_class(training_class),
        "people": people,
        "enrolled": enrolled,
        "links": links,
    }
    return render(request, "caravan/enrolling/enrol.html", context)


@require_safe
@signed_in
def enrolment(request: SignedInRequest, pk: int) -> HttpResponse:
    """Where somebody stands with one class: in, waiting, offered, over."""
    return render(request, "caravan/enrolling/enrolment.html", {"card": _card(request.user, pk)})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    """Leave a class or the queue, after one question."""
    card = _card(request.user, pk)
    if card.enrolment.state not in {EnrolmentState.ENROLLED, EnrolmentState.WAITING, EnrolmentState.OFFERED}:
        return redirect("caravan:enrolment", pk=pk)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"] or _("本人来不了")
        try:
            service.withdraw(card.enrolment, reason=reason, by=request.user, at=timezone.now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return redirect("caravan:enrolment", pk=pk)
    return render(request, "caravan/enrolling/withdraw.html", {"card": card, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def offer(request: SignedInRequest, pk: int) -> HttpResponse:
    """Answer an offered seat: come, or leave it to the next."""
    card = _card(request.user, pk)
    if card.enrolment.state != EnrolmentState.OFFERED:
        return redirect("caravan:enrolment", pk=pk)
    if request.method == "POST":
        answer = service.accept_offer if request.POST.get("answer") == "accept" else service.decline_offer
        try:
            answer(card.enrolment, by=request.user, at=timezone.now())
        except DomainError as error:
            messages.error(request, str(error))
        return redirect("caravan:enrolment", pk=pk)
    return render(request, "caravan/enrolling/offer.html", {"card": card})


def _agree_url(request: HttpRequest, person: Person, training_class: TrainingClass) -> str:
    """Return the page that asks for what is missing and comes back here."""
    query = {"person": person.pk, "region": training_class.region_code, "next": request.path}
    return f"{reverse('account:agree')}?{urlencode(query)}"


def _public_class(class_no: str) -> TrainingClass:
    rows = TrainingClass.objects.public().with_seats().select_related("venue", "organisation", "stop")
    found = rows.filter(class_no=class_no).first()
    if found is None:
        raise Http404
    return found


def _first_choice(request: HttpRequest, people: list[Person]) -> dict[str, int]:
    acting = acting_person(request)
    if acting is not None and acting in people:
        return {"person": acting.pk}
    return {"person": people[0].pk} if people else {}


def _card(user: User, pk: int) -> EnrolmentCard:
    """Return the enrolment if it is of somebody the account acts for, else 404 (also for staff)."""
    rows: QuerySet[Enrolment] = Enrolment.objects.select_related(
        "person", "training_class__venue", "training_class__organisation", "training_class__stop", "waiting"
    )
    mine = rows.filter(person__accounts__user=user, person__accounts__until__isnull=True)
    return card_of(get_visible_or_404(mine, user, pk=pk))
