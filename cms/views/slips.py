"""One-time slips and papers: bind a person to an account, or set a forgotten password."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from cms import signing_in
from cms.access import public
from cms.acting import switch_to
from cms.errors import DomainError
from cms.forms.account import NEW_ACCOUNT, SlipAccountForm, SlipCodeForm, SlipRelationForm
from cms.forms.sign_in import NewPasswordForm
from cms.models import PersonSlip, SignInCode, User
from cms.services import accounts
from cms.services.codes import find_paper
from cms.services.passwords import reset_with_paper, reset_with_slip
from cms.throttling import Throttle
from cms.views.tries import submit

# What a link or a slip's bearer typed, and the code that the throttled form found to be right. Only the
# second opens the next step, else the link would be a way to guess without being counted.
TYPED_SLIP_KEY = "slip_typed"
SLIP_KEY = "slip_code"
PAPER_KEY = "paper_code"

_tries = Throttle("slip")
_GUESSES = frozenset({"slip_wrong", "phone_taken"})


@public
@never_cache
@require_http_methods(["GET", "POST"])
def slip(request: HttpRequest) -> HttpResponseBase:
    """Ask for the code of a slip or paper; the link on it fills it in and leaves no code in the address."""
    if request.method == "GET" and "code" in request.GET:
        request.session[TYPED_SLIP_KEY] = request.GET["code"][:30]
        return redirect("account:slip")
    typed = request.POST if request.method == "POST" else None
    form = SlipCodeForm(typed, initial={"code": request.session.get(TYPED_SLIP_KEY, "")})
    if request.method == "POST":
        found = submit(request, form, _tries, _find, guesses=_GUESSES)
        if isinstance(found, HttpResponse):
            return found
        if found is not None:
            is_paper = isinstance(found, SignInCode)
            request.session[PAPER_KEY if is_paper else SLIP_KEY] = form.cleaned_data["code"]
            return redirect("account:paper" if is_paper else "account:slip_account")
    return render(request, "cms/account/slip.html", {"form": form})


def _find(data: dict[str, Any]) -> PersonSlip | SignInCode:
    at = timezone.now()
    return find_paper(data["code"], at=at) or accounts.find_slip(data["code"], at=at)


@public
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def slip_account(request: HttpRequest) -> HttpResponseBase:
    """Bind the slip's person to the account that is signed in or to a new one, or set a password anew."""
    code = request.session.get(SLIP_KEY, "")
    try:
        found = accounts.find_slip(code, at=timezone.now())
    except DomainError:
        return redirect("account:slip")
    user = request.user if isinstance(request.user, User) else None
    typed = request.POST if request.method == "POST" else None
    form: SlipRelationForm | SlipAccountForm
    if user:
        form = SlipRelationForm(typed)
    else:
        form = SlipAccountForm(typed, accounts=accounts.accounts_of_slip(found))
    if request.method == "POST":
        bound = submit(request, form, _tries, lambda data: _redeem(code, user, data), guesses=_GUESSES)
        if isinstance(bound, HttpResponse):
            return bound
        if bound is not None:
            return _after_slip(request, bound, found.person, was_reset=_is_reset(form.cleaned_data))
    context = {"form": form, "slip": found, "last_four": _last_four(found.person)}
    return render(request, "cms/account/slip_account.html", context)


def _is_reset(data: dict[str, Any]) -> bool:
    return bool(data.get("account", NEW_ACCOUNT) != NEW_ACCOUNT)


def _redeem(code: str, user: User | None, data: dict[str, Any]) -> User:
    at = timezone.now()
    if user is not None:
        return accounts.redeem_slip(code, user=user, relation=data["relation"], at=at)
    if _is_reset(data):
        return reset_with_slip(code, int(data["account"]), password=data["password"], at=at)[0]
    return accounts.redeem_slip(code, phone=data["phone"], password=data["password"], at=at)


def _last_four(person: Any) -> str:
    document = person.documents.filter(superseded_at__isnull=True).first()
    return document.last_four if document else ""


def _after_slip(request: HttpRequest, user: User, person: Any, *, was_reset: bool) -> HttpResponseBase:
    for key in (SLIP_KEY, TYPED_SLIP_KEY):
        request.session.pop(key, None)
    switch_to(request, person)
    done = _("新密码设好了，其他设备上都退出了。") if was_reset else _("绑好了。这张凭条不用再留着。")
    messages.success(request, done)
    home = reverse("account:home")
    if request.user.is_authenticated:
        return redirect(home)
    return signing_in.begin(request, user, way="slip", target=home, at=timezone.now())


@public
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def paper(request: HttpRequest) -> HttpResponseBase:
    """Set a new password with the paper that an administrator handed over."""
    code = request.session.get(PAPER_KEY, "")
    row = find_paper(code, at=timezone.now()) if code else None
    if row is None:
        return redirect("account:slip")
    form = NewPasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        user = submit(
            request,
            form,
            _tries,
            lambda data: reset_with_paper(code, password=data["password"], at=timezone.now()),
            guesses=_GUESSES,
        )
        if isinstance(user, HttpResponse):
            return user
        if isinstance(user, User):
            for key in (PAPER_KEY, TYPED_SLIP_KEY):
                request.session.pop(key, None)
            messages.success(request, _("新密码设好了，其他设备上都退出了。"))
            return signing_in.begin(request, user, way="paper", target="", at=timezone.now())
    return render(request, "cms/account/paper.html", {"form": form, "account": row.user})
