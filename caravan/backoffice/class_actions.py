"""What the office does to one class: each view finds it in scope (404), asks for the right (403), calls one service."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST

from caravan.backoffice.actions import ACTIONS, legal_actions
from caravan.forms.planning import PlanForm, ReasonForm, StaffForm
from caravan.forms.sessions import SessionForm, SessionTimeForm, initial_of, trainers_for, with_pick
from caravan.models import ClassStaff, Session, TrainingClass
from caravan.permissions import can_plan_class
from caravan.services.planning import assign_staff, remove_staff
from caravan.services.scheduling import cancel_session, move_session, schedule_session
from caravan.services.timetabling import plan_sessions
from cms.access import get_visible_or_404
from cms.errors import DomainError
from cms.models import User


def _find(request: HttpRequest, pk: int) -> TrainingClass:
    rows = TrainingClass.objects.select_related("organisation", "venue")
    return get_visible_or_404(rows, _user(request), pk=pk)


def _find_plannable(request: HttpRequest, pk: int) -> TrainingClass:
    training_class = _find(request, pk)
    if not can_plan_class(_user(request), training_class):
        raise PermissionDenied
    return training_class


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _back(training_class: TrainingClass) -> HttpResponse:
    return redirect("classes:inspect", training_class.pk)


def _refused(request: HttpRequest, error: DomainError) -> None:
    for one in getattr(error, "refusals", [error]):
        messages.error(request, str(one.message))


@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Take one step of the class's life; a step that wants a reason asks for it first."""
    training_class = _find(request, pk)
    action = ACTIONS.get(key)
    if action is None:
        raise Http404
    if action not in legal_actions(_user(request), training_class):
        raise PermissionDenied
    form = ReasonForm(request.POST if request.method == "POST" else None)
    form.fields["reason"].required = action.needs_reason
    if action.asks_reason and (request.method == "GET" or not form.is_valid()):
        return _form(request, training_class, form, action.label, action.label)
    if request.method == "GET":
        return _back(training_class)
    extra = {"reason": form.cleaned_data["reason"]} if action.asks_reason else {}
    try:
        action.service(training_class, **extra, by=_user(request), at=timezone.now())
    except DomainError as error:
        _refused(request, error)
        if action.asks_reason:
            return _form(request, training_class, form, action.label, action.label)
    else:
        messages.success(request, str(action.done))
    return _back(training_class)


@require_POST
def add_staff(request: HttpRequest, pk: int) -> HttpResponse:
    """Give somebody a duty."""
    training_class = _find_plannable(request, pk)
    form = StaffForm(request.POST, training_class=training_class, on=timezone.localdate())
    if not form.is_valid():
        messages.error(request, _("请选职责和人员。"))
        return _back(training_class)
    try:
        assign_staff(
            training_class,
            form.cleaned_data["user"],
            form.cleaned_data["role"],
            by=_user(request),
            at=timezone.now(),
        )
    except DomainError as error:
        _refused(request, error)
    return _back(training_class)


@require_POST
def drop_staff(request: HttpRequest, pk: int, staff_pk: int) -> HttpResponse:
    """End a duty."""
    training_class = _find_plannable(request, pk)
    staff = get_object_or_404(ClassStaff, pk=staff_pk, training_class=training_class)
    try:
        remove_staff(staff, by=_user(request), at=timezone.now())
    except DomainError as error:
        _refused(request, error)
    return _back(training_class)


@require_http_methods(["GET", "POST"])
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the timetable from the hours that are left."""
    training_class = _find_plannable(request, pk)
    form = PlanForm(request.POST if request.method == "POST" else None, training_class=training_class)
    if form.is_valid():
        try:
            made = plan_sessions(training_class, **form.cleaned_data, by=_user(request), at=timezone.now())
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, _("排好了 %(n)s 节课。") % {"n": len(made)})
            return _back(training_class)
    return _form(request, training_class, form, _("按学时自动排课"), _("排课"))


@require_http_methods(["GET", "POST"])
def new_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Add one session."""
    training_class = _find_plannable(request, pk)
    user = _user(request)
    form = SessionForm(
        with_pick(request.POST) if request.method == "POST" else None,
        training_class=training_class,
        trainers=trainers_for(user, training_class, may_choose=True),
    )
    if form.is_valid():
        try:
            schedule_session(training_class, **form.facts(), by=user, at=timezone.now())
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _("排好了。"))
            return _back(training_class)
    return _form(request, training_class, form, _("排一节课"), _("排上"))


@require_http_methods(["GET", "POST"])
def change_session(request: HttpRequest, pk: int, session_pk: int) -> HttpResponse:
    """Move one session."""
    training_class = _find_plannable(request, pk)
    session = _session(training_class, session_pk)
    user = _user(request)
    form = SessionTimeForm(
        with_pick(request.POST) if request.method == "POST" else None,
        initial=initial_of(session),
        training_class=training_class,
        trainers=trainers_for(user, training_class, may_choose=True),
    )
    if form.is_valid():
        try:
            move_session(session, **form.times(), by=user, at=timezone.now())
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _("改好了。"))
            return _back(training_class)
    return _form(
        request, training_class, form, _("改时间：%(what)s") % {"what": session.content}, _("改到这个时间")
    )


@require_http_methods(["GET", "POST"])
def drop_session(request: HttpRequest, pk: int, session_pk: int) -> HttpResponse:
    """Cancel one session, with the reason."""
    training_class = _find_plannable(request, pk)
    session = _session(training_class, session_pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            cancel_session(session, **form.cleaned_data, by=_user(request), at=timezone.now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("取消了这节课。"))
            return _back(training_class)
    return _form(
        request, training_class, form, _("取消课次：%(what)s") % {"what": session.content}, _("取消这节课")
    )


def _session(training_class: TrainingClass, pk: int) -> Session:
    rows = training_class.sessions.select_related("training_class", "room__venue", "trainer")
    return get_object_or_404(rows, pk=pk)


def _form(
    request: HttpRequest,
    training_class: TrainingClass,
    form: Any,
    title: str | Promise,
    button: str | Promise,
) -> HttpResponse:
    back = reverse("classes:inspect", args=[training_class.pk])
    context = {
        "form": form,
        "training_class": training_class,
        "title": title,
        "button": button,
        "back": back,
        "breadcrumbs_items": [
            {"url": reverse("wagtailadmin_home"), "label": _("首页")},
            {"url": reverse("classes:index"), "label": pgettext("menu", "班级")},
            {"url": back, "label": training_class.title},
            {"url": "", "label": title},
        ],
        "header_title": title,
        "page_title": title,
        "header_icon": "group",
    }
    return render(request, "caravan/admin/form.html", context)
