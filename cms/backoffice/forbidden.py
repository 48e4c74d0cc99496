"""Forbidden is 403 in the back office too.

Wagtail answers a ``PermissionDenied`` inside its admin, and a visitor without access to it, with a
redirect; to a signed-in user the sign-in page then sends her back, for ever. Ours says 403 once.
Wagtail has no setting for it: the two functions its decorator calls are replaced when the app starts.
"""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from wagtail.admin import auth

_sign_in = auth.reject_request


def answer_forbidden_with_403() -> None:
    """Make Wagtail's admin raise what Django's 403 handler shows."""
    auth.permission_denied = _forbid
    auth.reject_request = _reject


def _forbid(request: HttpRequest) -> HttpResponseBase:
    raise PermissionDenied


def _reject(request: HttpRequest) -> HttpResponseBase:
    if request.user.is_authenticated:
        raise PermissionDenied
    response: HttpResponseBase = _sign_in(request)
    return response
