"""A phone that several people use: the session locks when nobody touches it, and when its user leaves.

Locked, the session stays whose it was and opens nothing until the password is typed again; then it goes on where
it was. The password and not a PIN of six digits: a second, shorter secret would be typed in sight of those
who share the phone, and would have to be kept, reset and throttled as well.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from cms.models import User

SESSION_KEY = "shared_phone"
# So that the next one who signs in on this phone finds the box ticked.
COOKIE = "shared_phone"
COOKIE_SECONDS = 365 * 24 * 3600
FIELD = "shared"
# The session is written at most so often to note a touch.
TOUCH_SECONDS = 10
# What a locked session still opens.
OPEN_VIEWS = frozenset(
    {"account:locked", "account:leave", "account:sign_out", "set_language", "site:text_size"}
)

Handler = Callable[[HttpRequest], HttpResponseBase]


def is_wanted(request: HttpRequest) -> bool:
    """Say whether the form that was sent, or the phone's last one, said that the phone is shared."""
    if request.method == "POST":
        return request.POST.get(FIELD) == "on"
    return request.COOKIES.get(COOKIE) == "1"


def begin(request: HttpRequest, *, at: dt.datetime) -> None:
    """Make the session one of a shared phone."""
    request.session[SESSION_KEY] = {"seen": at.timestamp(), "locked": False, "place": ""}


def is_shared(request: HttpRequest) -> bool:
    """Say whether the session is one of a shared phone."""
    return SESSION_KEY in request.session


def is_locked(request: HttpRequest) -> bool:
    """Say whether the session asks for the password first."""
    return bool(request.session.get(SESSION_KEY, {}).get("locked"))


def lock(request: HttpRequest, place: str) -> None:
    """Lock, and remember where to go on. A new key for the session keeps the browser from showing kept pages."""
    from cms.signing_in import keep_session

    old = request.session.session_key or ""
    kept = request.session[SESSION_KEY]
    safe = url_has_allowed_host_and_scheme(place, {request.get_host()}, require_https=request.is_secure())
    request.session[SESSION_KEY] = {**kept, "locked": True, "place": place if safe else ""}
    request.session.cycle_key()
    keep_session(request, old)


def unlock(request: HttpRequest, *, at: dt.datetime) -> str:
    """Open again, and return the place that was left (empty: none was)."""
    place: str = request.session[SESSION_KEY]["place"]
    begin(request, at=at)
    return place


def keep_choice(request: HttpRequest, response: HttpResponseBase, *, is_on: bool) -> HttpResponseBase:
    """Remember the choice on this phone for the next one who signs in."""
    if is_on:
        response.set_cookie(
            COOKIE, "1", max_age=COOKIE_SECONDS, secure=request.is_secure(), httponly=True, samesite="Lax"
        )
    elif COOKIE in request.COOKIES:
        response.delete_cookie(COOKIE, samesite="Lax")
    return response


class SharedPhoneMiddleware:
    """Lock what nobody touched for ``SHARED_PHONE_MINUTES``, open nothing while locked, let nothing be kept."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on; no page of such a session may come back by the browser's own button."""
        response = self.get_response(request)
        if getattr(request, "is_on_shared_phone", False):
            response.headers["Cache-Control"] = "no-store, private"
        return response

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponseBase | None:
        """Lead a locked session to the password; what no person reads is answered 403."""
        if not isinstance(request.user, User) or not is_shared(request):
            return None
        request.is_on_shared_phone = True  # type: ignore[attr-defined]  # for the answer, see above
        now = timezone.now().timestamp()
        kept = request.session[SESSION_KEY]
        if not kept["locked"] and now - kept["seen"] < settings.SHARED_PHONE_MINUTES * 60:
            if now - kept["seen"] >= TOUCH_SECONDS:
                request.session[SESSION_KEY] = {**kept, "seen": now}
            return None
        match = request.resolver_match
        if not kept["locked"]:
            lock(request, _place(request))
        if match and match.view_name in OPEN_VIEWS:
            return None
        if not request.accepts("text/html") or request.headers.get("x-requested-with") == "XMLHttpRequest":
            raise PermissionDenied
        return redirect("account:locked")


def _place(request: HttpRequest) -> str:
    """Return where to go on: this page, or the page whose form was sent."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    came_from = urlsplit(request.headers.get("Referer", ""))
    return came_from.path if came_from.netloc == request.get_host() else ""
