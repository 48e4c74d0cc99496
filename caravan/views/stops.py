"""Public pages of one stop and one class."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from caravan import public as shown
from caravan.enums import StopState
from caravan.models import EnrolmentRule, Stop, TrainingClass
from caravan.rules import enrolment_rule, enrolment_rules
from cms.access import public
from cms.ui import dates


@require_safe
@public
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """One stop: seats first, then what, who, when and where."""
    found = get_object_or_404(Stop.objects.public().select_related("venue", "tour"), pk=pk)
    at = timezone.now()
    classes = list(shown.public_classes().filter(stop=found))
    urls = shown.course_urls(classes, request)
    town = next((one.name for one in shown.towns_of([found.region_code])), "")
    today = timezone.localdate(at)
    rules = enrolment_rules([one.region_code for one in classes], today)
    card = shown.StopCard(found, town, [shown.class_card(one, at, urls) for one in classes])
    context = {
        "card": card,
        "stop": found,
        "offers": [_offer(one, rules[one.training_class.region_code]) for one in card.classes],
        "number": found.tour.stops.exclude(state=StopState.CANCELLED).filter(order__lte=found.order).count(),
        "count": found.tour.stops.exclude(state=StopState.CANCELLED).count(),
        "over": found.ends_on < today,
    }
    return render(request, "caravan/stop.html", context)


@require_safe
@public
def class_detail(request: HttpRequest, class_no: str) -> HttpResponse:
    """One class, by its number."""
    found = shown.public_classes().filter(class_no=class_no).first()
    if found is None:
        raise Http404
    card = shown.class_card(found, timezone.now(), shown.course_urls([found], request))
    offer = _offer(card, enrolment_rule(found.region_code, timezone.localdate()))
    return render(request, "caravan/class_detail.html", {"card": card, "offer": offer, "venue": found.venue})


def _offer(card: shown.ClassCard, rule: EnrolmentRule) -> dict[str, Any]:
    """Return what the seats card and the facts of a class show."""
    training_class, seats = card.training_class, card.seats
    plans = shown.day_plans(training_class)
    deadline = _("%(day)s %(time)s 截止。没有手机也能报，打电话或找联系人。") % {
        "day": dates.day(training_class.enrol_until),
        "time": dates.clock(training_class.enrol_until),
    }
    return {
        "card": card,
        "training_class": training_class,
        "seats": seats,
        "offer_hours": rule.offer_hours,
        "url": _enrol_url(training_class) if seats.is_open else "",
        "action": _("我要报名") if seats.left else _("排队候补"),
        "closed": "" if seats.is_open else seats.tag[0],
        "deadline": deadline if seats.is_open else "",
        "plans": plans,
        "times": shown.usual_times(plans),
        "assessed": any(one.kind == "assessment" for plan in plans for one in plan.sessions),
    }


def _enrol_url(training_class: TrainingClass) -> str:
    try:
        return reverse("caravan:enrol", args=[training_class.class_no])
    except NoReverseMatch:
        return ""
