"""Signing in and out, signing up, and one-time slips."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from cms.access import public
from cms.acting import switch_to
from cms.errors import DomainError
from cms.forms.account import SignInForm, SignUpForm, SlipAccountForm, SlipCodeForm, SlipRelationForm
from cms.models import User
from cms.navigation import links_for, work_menu
from cms.roles import Role
from cms.services import accounts
from cms.throttling import Throttle, address_of
from cms.views.errors import render_too_many

BACKEND = "cms.auth.RoleBackend"
# What a link or a slip's bearer typed, and the code that the throttled form found to be right. Only the
# second opens the next step, else the link would be a way to guess without being counted.
TYPED_SLIP_KEY = "slip_typed"
SLIP_KEY = "slip_code"
# Those who teach begin at the trainer's desk.
DESK_ROLES = (Role.CLASS_TEACHER, Role.TRAINER, Role.ASSESSOR)
# The wording people agree to stands in the sign-up page; a changed wording gets a new version.
CONSENT_VERSION = "2026-1"

_sign_in_tries = Throttle("sign_in")
_sign_up_tries = Throttle("sign_up")
_slip_tries = Throttle("slip")


@public
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Phone, e-mail or user name, and password; ten wrong tries from one place and the rest must wait."""
    target = _next_url(request)
    if request.user.is_authenticated and request.method == "GET":
        return redirect(target or landing_url(request))
    form = SignInForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        at = timezone.now()
        who = (form.cleaned_data["name"].strip().casefold(), address_of(request))
        if wait := _sign_in_tries.wait_seconds(*who, at=at):
            return render_too_many(request, wait)
        user = authenticate(
            request, username=form.cleaned_data["name"], password=form.cleaned_data["password"]
        )
        if isinstance(user, User):
            _sign_in_tries.forget(*who)
            login(request, user)
            return redirect(target or landing_url(request))
        _sign_in_tries.count(*who, at=at)
        form.add_error(None, _("手机号（或用户名）和密码对不上，请再看看。忘了密码请打电话问。"))
    return render(request, "cms/account/sign_in.html", {"form": form, "next": target})


def _next_url(request: HttpRequest) -> str:
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else ""


def landing_url(request: HttpRequest) -> str:
    """Return where an account begins: back office, own learning, or the trainer's desk."""
    user = request.user
    if isinstance(user, User) and user.works_in_backoffice:
        return reverse("wagtailadmin_home")
    if isinstance(user, User) and user.has_role(*DESK_ROLES):
        desk = links_for(work_menu, request)
        if desk:
            return desk[0].url
    return reverse("account:home")


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """End the session; asked by POST only, so that no picture on another site can do it."""
    logout(request)
    messages.success(request, _("已经退出。合用的手机，退出了才放心。"))
    return redirect("/")


@public
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def sign_up(request: HttpRequest) -> HttpResponseBase:
    """Open an account on the phone; the answer never tells whether the number is in the register."""
    form = SignUpForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        user = _submit(request, form, _sign_up_tries, _sign_up_with)
        if not isinstance(user, User):
            return user or render(request, "cms/account/sign_up.html", {"form": form})
        login(request, user, backend=BACKEND)
        messages.success(request, _("账号开好了。下次用手机号和密码登录。"))
        return redirect("account:home")
    return render(request, "cms/account/sign_up.html", {"form": form})


def _sign_up_with(data: dict[str, Any]) -> User:
    names = ("phone", "password", "legal_name", "id_type", "number")
    return accounts.sign_up(
        **{name: data[name] for name in names}, consent_version=CONSENT_VERSION, at=timezone.now()
    )


def _submit(request: HttpRequest, form: Any, tries: Throttle, act: Callable[[dict[str, Any]], Any]) -> Any:
    """Return what ``act`` returns, a 429 page, or ``None`` with the refusals on the form."""
    if not form.is_valid():
        return None
    at, who = timezone.now(), address_of(request)
    if wait := tries.wait_seconds(who, at=at):
        return render_too_many(request, wait)
    try:
        return act(form.cleaned_data)
    except DomainError as error:
        if {refusal.code for refusal in getattr(error, "refusals", [error])} & {"slip_wrong", "phone_taken"}:
            tries.count(who, at=at)  # only what a guesser learns from
        form.add_refusals(error)
        return None


@public
@never_cache
@require_http_methods(["GET", "POST"])
def slip(request: HttpRequest) -> HttpResponseBase:
    """Ask for the code of a slip; the link on the slip fills it in and leaves no code in the address."""
    if request.method == "GET" and "code" in request.GET:
        request.session[TYPED_SLIP_KEY] = request.GET["code"][:30]
        return redirect("account:slip")
    typed = request.POST if request.method == "POST" else None
    form = SlipCodeForm(typed, initial={"code": request.session.get(TYPED_SLIP_KEY, "")})
    if request.method == "POST":
        found = _submit(
            request, form, _slip_tries, lambda data: accounts.find_slip(data["code"], at=timezone.now())
        )
        if isinstance(found, HttpResponse):
            return found
        if found is not None:
            request.session[SLIP_KEY] = form.cleaned_data["code"]
            return redirect("account:slip_account")
    return render(request, "cms/account/slip.html", {"form": form})


@public
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def slip_account(request: HttpRequest) -> HttpResponseBase:
    """Bind the slip's person to the account that is signed in, or to a new one."""
    code = request.session.get(SLIP_KEY, "")
    try:
        found = accounts.find_slip(code, at=timezone.now())
    except DomainError:
        return redirect("account:slip")
    user = request.user if isinstance(request.user, User) else None
    form_class = SlipRelationForm if user else SlipAccountForm
    form = form_class(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        bound = _submit(
            request,
            form,
            _slip_tries,
            lambda data: accounts.redeem_slip(code, user=user, at=timezone.now(), **data),
        )
        if isinstance(bound, HttpResponse):
            return bound
        if bound is not None:
            return _after_slip(request, bound, found.person)
    context = {"form": form, "slip": found, "last_four": _last_four(found.person)}
    return render(request, "cms/account/slip_account.html", context)


def _last_four(person: Any) -> str:
    document = person.documents.filter(superseded_at__isnull=True).first()
    return document.last_four if document else ""


def _after_slip(request: HttpRequest, user: User, person: Any) -> HttpResponseRedirect:
    for key in (SLIP_KEY, TYPED_SLIP_KEY):
        request.session.pop(key, None)
    if not request.user.is_authenticated:
        login(request, user, backend=BACKEND)
    switch_to(request, person)
    messages.success(request, _("绑好了。这张凭条不用再留着。"))
    return redirect("account:home")
