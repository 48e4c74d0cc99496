"""The trainer's desk: my week, my classes, one more session, another time for one."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from caravan.desk import links_of_class
from caravan.duties import leads_class
from caravan.enums import SessionState
from caravan.forms.sessions import SessionForm, SessionTimeForm, initial_of, trainers_for, with_pick
from caravan.models import Session, TrainingClass
from caravan.permissions import DESK_ROLES, FIELD_ROLES, can_move_session, can_schedule
from caravan.rolls import rolls_open_to
from caravan.rules import day_hours_rule
from caravan.services.filing import hours_by_course
from caravan.services.scheduling import move_session, schedule_session
from caravan.week import lay_out, monday_of
from cms.access import get_visible_or_404, role_required
from cms.errors import DomainError
from cms.models import User
from cms.ui import dates


@require_safe
@role_required(*DESK_ROLES)
def week(request: HttpRequest) -> HttpResponse:
    """My sessions of one week: a list on the phone, a grid on the desk."""
    at = timezone.now()
    monday = monday_of(_day(request.GET.get("week", ""), timezone.localdate(at)))
    sessions = list(
        _mine(request).filter(starts_at__date__gte=monday, starts_at__date__lt=monday + dt.timedelta(days=7))
    )
    context = {
        "week": lay_out(monday, sessions, at),
        "count": len(sessions),
        "hours": sum(session.hours for session in sessions),
        "earlier": (monday - dt.timedelta(days=7)).isoformat(),
        "later": (monday + dt.timedelta(days=7)).isoformat(),
    }
    return render(request, "caravan/teach/week.html", context)


@require_safe
@role_required(*DESK_ROLES)
def classes(request: HttpRequest) -> HttpResponse:
    """The classes in which I have a duty, running ones first."""
    rows = TrainingClass.objects.filter(staff__user=_user(request)).distinct()
    rows = rows.select_related("venue").with_seats().order_by("-starts_on", "class_no")
    return render(request, "caravan/teach/classes.html", {"classes": rows})


@require_safe
@role_required(*DESK_ROLES)
def class_detail(request: HttpRequest, class_no: str) -> HttpResponse:
    """One class at the desk: what is planned, what is left to plan, who does what."""
    training_class = _class(request, class_no)
    user = _user(request)
    sessions = list(training_class.sessions.select_related("room", "trainer").order_by("starts_at"))
    takes_rolls = user.has_role(*FIELD_ROLES)
    rolls = rolls_open_to(user, training_class, sessions) if takes_rolls else set()
    context = {
        "training_class": training_class,
        "sessions": [(one, can_move_session(user, one, training_class), one.pk in rolls) for one in sessions],
        "hours": hours_by_course(training_class),
        "staff": training_class.staff.select_related("user").order_by("role"),
        "may_schedule": can_schedule(user, training_class),
        "day_rule": day_hours_rule(training_class.region_code, training_class.starts_on),
        "links": links_of_class(user, training_class),
    }
    return render(request, "caravan/teach/class.html", context)


@require_http_methods(["GET", "POST"])
@role_required(*DESK_ROLES)
def schedule(request: HttpRequest, class_no: str) -> HttpResponse:
    """One more session for a class of mine."""
    training_class = _class(request, class_no)
    user = _user(request)
    if not can_schedule(user, training_class):
        raise PermissionDenied
    trainers = trainers_for(user, training_class, may_choose=leads_class(user, training_class))
    form = SessionForm(
        with_pick(request.POST) if request.method == "POST" else None,
        training_class=training_class,
        trainers=trainers,
    )
    if form.is_valid():
        try:
            session = schedule_session(training_class, **form.facts(), by=user, at=timezone.now())
        except DomainError as error:
            form.refuse(error)
        else:
            return _done(request, session, _("排好了：%(when)s"))
    return render(request, "caravan/teach/schedule.html", _form_context(form, training_class))


@require_http_methods(["GET", "POST"])
@role_required(*DESK_ROLES)
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Another time or room for one session."""
    user = _user(request)
    session = get_visible_or_404(
        Session.objects.select_related("training_class__venue", "room", "trainer", "class_course"),
        user,
        pk=pk,
    )
    training_class = session.training_class
    if not can_move_session(user, session, training_class):
        raise PermissionDenied
    leads = leads_class(user, training_class)
    trainers = trainers_for(user, training_class, may_choose=True) if leads else [session.trainer]
    form = SessionTimeForm(
        with_pick(request.POST) if request.method == "POST" else None,
        initial=initial_of(session),
        training_class=training_class,
        trainers=trainers,
    )
    if form.is_valid():
        try:
            moved = move_session(session, **form.times(), by=user, at=timezone.now())
        except DomainError as error:
            form.refuse(error)
        else:
            return _done(request, moved, _("改好了：%(when)s"))
    return render(
        request, "caravan/teach/move.html", {**_form_context(form, training_class), "session": session}
    )


def _form_context(form: SessionTimeForm, training_class: TrainingClass) -> dict[str, Any]:
    return {
        "form": form,
        "training_class": training_class,
        "day_rule": day_hours_rule(training_class.region_code, training_class.starts_on),
    }


def _done(request: HttpRequest, session: Session, words: str) -> HttpResponse:
    when = f"{dates.day(session.starts_at)} {dates.time_range(session.starts_at, session.ends_at)}"
    messages.success(request, words % {"when": when})
    return redirect(f"{reverse('caravan:teach')}?week={timezone.localdate(session.starts_at).isoformat()}")


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _mine(request: HttpRequest) -> QuerySet[Session]:
    """Sessions I teach, and those of classes in which I have a duty."""
    mine = Q(trainer__user=_user(request)) | Q(training_class__staff__user=_user(request))
    rows = Session.objects.filter(mine).exclude(state=SessionState.CANCELLED).distinct()
    return rows.select_related("training_class", "room").order_by("starts_at")


def _class(request: HttpRequest, class_no: str) -> TrainingClass:
    rows = TrainingClass.objects.with_seats().select_related("venue", "organisation")
    return get_visible_or_404(rows, _user(request), class_no=class_no)


def _day(text: str, default: dt.date) -> dt.date:
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        return default
    return found if 2000 <= found.year <= 2200 else default
