"""One way into a session: a first proof, the second factor where the account has one, then the sign-in.

Between the two proofs the session belongs to nobody: it only remembers who may show the second.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from cms import audit, shared_phone
from cms.models import User
from cms.navigation import links_for, work_menu
from cms.roles import Role
from cms.services import second_factor
from cms.throttling import address_of

BACKEND = "cms.auth.RoleBackend"
PENDING_KEY = "pending_sign_in"
PENDING_SECONDS = 10 * 60
# When this session showed the second factor.
FACTOR_KEY = "second_factor_at"
# When the session's row was last told that the session is in use.
SEEN_KEY = "seen_at"
SEEN_SECONDS = 10 * 60
# Those who teach begin at the trainer's desk.
DESK_ROLES = (Role.CLASS_TEACHER, Role.TRAINER, Role.ASSESSOR)
# What staff reach before they have shown a second factor.
OPEN_VIEWS = frozenset(
    {
        "account:second_factor",
        "account:factor_new",
        "account:sign_out",
        "set_language",
        "site:text_size",
    }
)

Handler = Callable[[HttpRequest], HttpResponseBase]


def begin(request: HttpRequest, user: User, *, way: str, target: str, at: dt.datetime) -> HttpResponseBase:
    """Go on after the first proof (``way``: password, code, slip …): sign in, or ask for the second factor."""
    shared = shared_phone.is_wanted(request)
    if not second_factor.is_enrolled(user):
        return finish(request, user, way=way, target=target, factor=False, shared=shared, at=at)
    if request.user.is_authenticated and request.user.pk != user.pk:
        logout(request)
    request.session[PENDING_KEY] = {
        "user": user.pk,
        "hash": user.get_session_auth_hash(),
        "way": way,
        "next": target,
        "shared": shared,
        "at": at.timestamp(),
    }
    return redirect("account:second_factor")


def pending(request: HttpRequest, *, at: dt.datetime) -> tuple[User, str, str] | None:
    """Return who may show a second factor in this session, by which first proof, and where they were going.

    A first proof is good for ten minutes and only with the password of that moment.
    """
    kept = request.session.get(PENDING_KEY)
    if kept:
        user = User.objects.filter(pk=kept["user"], is_active=True).first()
        fresh = at.timestamp() - kept["at"] < PENDING_SECONDS
        if user and fresh and constant_time_compare(user.get_session_auth_hash(), kept["hash"]):
            return user, kept["way"], kept["next"]
        request.session.pop(PENDING_KEY, None)
    user = request.user if isinstance(request.user, User) else None
    if user and FACTOR_KEY not in request.session and second_factor.is_enrolled(user):
        return user, "factor", ""
    return None


@transaction.atomic
def finish(
    request: HttpRequest,
    user: User,
    *,
    way: str,
    target: str,
    factor: bool,
    shared: bool | None = None,
    at: dt.datetime,
) -> HttpResponseBase:
    """Open the session, write the audit entry, and lead where ``target`` says or the account begins.

    ``shared``: whether others use this phone too; ``None``: as the first proof said.
    """
    if shared is None:
        shared = bool(request.session.get(PENDING_KEY, {}).get("shared")) or shared_phone.is_shared(request)
    login(request, user, backend=BACKEND)
    request.session.pop(PENDING_KEY, None)
    request.session.pop(shared_phone.SESSION_KEY, None)
    if shared:
        shared_phone.begin(request, at=at)
    if factor:
        mark_factor(request, at=at)
    audit.record("account.sign_in", user, by=user, at=at, way=way, factor=factor)
    response = redirect(target or landing_url(request))
    return shared_phone.keep_choice(request, response, is_on=shared)


def mark_factor(request: HttpRequest, *, at: dt.datetime) -> None:
    """Note that this session has shown the second factor."""
    request.session[FACTOR_KEY] = at.timestamp()


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


def keep_session(request: HttpRequest, old_key: str) -> None:
    """Let the row of a session follow it to its new key, after the password changed."""
    UserSession.objects.filter(session_key=old_key).update(session_key=request.session.session_key)


def _note_sign_in(sender: object, request: HttpRequest, user: User, **kwargs: Any) -> None:
    at = timezone.now()
    if not request.session.session_key:
        request.session.save()
    agent = request.META.get("HTTP_USER_AGENT", "")[:200]
    UserSession.objects.update_or_create(
        session_key=request.session.session_key,
        defaults={
            "user": user,
            "ip": address_of(request) or "0.0.0.0",  # noqa: S104  no address known, nothing is bound to it
            "user_agent": agent,
            "created_at": at,
            "last_seen_at": at,
        },
    )
    request.session[SEEN_KEY] = at.timestamp()


def _note_sign_out(sender: object, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    UserSession.objects.filter(session_key=request.session.session_key or "").delete()


def note_sessions() -> None:
    """Keep a row for each session, whichever way it begins; called once when the app starts."""
    user_logged_in.connect(_note_sign_in, dispatch_uid="cms.signing_in")
    user_logged_out.connect(_note_sign_out, dispatch_uid="cms.signing_in")


class SignedInMiddleware:
    """Ask staff for the second factor before anything else, and note now and then that a session is used."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Lead staff without a second factor to it; what no person reads is answered 403."""
        if not isinstance(request.user, User):
            return None
        self._note_use(request)
        if FACTOR_KEY in request.session or not settings.STAFF_SECOND_FACTOR:
            return None
        if request.resolver_match and request.resolver_match.view_name in OPEN_VIEWS:
            return None
        if not request.user.works_in_backoffice:
            return None
        by_script = request.headers.get("x-requested-with") == "XMLHttpRequest"
        if by_script or not request.accepts("text/html"):
            raise PermissionDenied
        if second_factor.is_enrolled(request.user):
            return redirect("account:second_factor")
        target = f"?next={quote(request.get_full_path())}" if request.method == "GET" else ""
        return redirect(reverse("account:factor_new") + target)

    def _note_use(self, request: HttpRequest) -> None:
        now = timezone.now()
        if now.timestamp() - request.session.get(SEEN_KEY, now.timestamp()) < SEEN_SECONDS:
            return
        UserSession.objects.filter(session_key=request.session.session_key or "").update(
            last_seen_at=now,
            ip=address_of(request) or "0.0.0.0",  # noqa: S104  see above
        )
        request.session[SEEN_KEY] = now.timestamp()
