"""Who may open a view: every view of ours carries exactly one marker, proven by a walk over the URLs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase

from cms.models import User
from cms.roles import Role

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
AnyModel = TypeVar("AnyModel", bound=Model)


class SignedInRequest(HttpRequest):
    """A request whose user is one of ours."""

    user: User


class _Scoped(Protocol[AnyModel]):  # type: ignore[misc]  # the variance of QuerySet is not ours
    def visible_to(self, user: User) -> QuerySet[AnyModel]: ...


def public(view: View) -> View:
    """Anyone may open this view."""
    view.access_marker = "public"  # type: ignore[attr-defined]  # read by the guard test
    return view


def signed_in(view: View) -> View:
    """Anyone signed in may open this view; what it shows is scoped."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    guarded.access_marker = "signed_in"  # type: ignore[attr-defined]  # read by the guard test
    return cast(View, guarded)


def role_required(*roles: Role) -> Callable[[View], View]:
    """Only a live membership with one of ``roles`` opens this view: else sign-in or 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not request.user.has_role(*roles):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.access_marker = "role:" + ",".join(roles)  # type: ignore[attr-defined]  # read by the guard test
        return cast(View, guarded)

    return decorate


def get_visible_or_404(queryset: QuerySet[AnyModel], user: User, **lookup: Any) -> AnyModel:
    """Return the object if ``user`` may know of it, else 404: out of scope looks like absent."""
    visible = cast("_Scoped[AnyModel]", queryset).visible_to(user)
    found = visible.filter(**lookup).first()
    if found is None:
        raise Http404
    return found
