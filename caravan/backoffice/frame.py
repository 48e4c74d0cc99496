"""What the screens of one class have in common: the class in scope, who runs it, the head of the page."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from caravan.duties import runs_office_of
from caravan.models import TrainingClass
from cms.access import get_visible_or_404
from cms.errors import DomainError
from cms.models import User


def user_of(request: HttpRequest) -> User:
    """Return the signed-in user; Wagtail's own guard has seen to it that there is one."""
    return cast(User, request.user)


def find_class(request: HttpRequest, pk: int) -> TrainingClass:
    """Return the class if it is in the user's scope, else 404."""
    rows = TrainingClass.objects.with_seats().select_related("organisation", "venue")
    return get_visible_or_404(rows, user_of(request), pk=pk)


def find_own_class(request: HttpRequest, pk: int) -> TrainingClass:
    """Return the class if the user plans for its organiser: else 404 out of scope, 403 within."""
    training_class = find_class(request, pk)
    if not runs_office_of(user_of(request), training_class):
        raise PermissionDenied
    return training_class


def head(training_class: TrainingClass, title: str, *between: tuple[str, str]) -> dict[str, Any]:
    """Return the page's title and its way back; ``between`` are (address, label)."""
    inspect = reverse("classes:inspect", args=[training_class.pk])
    crumbs = [
        (reverse("wagtailadmin_home"), _("首页")),
        (reverse("classes:index"), pgettext("menu", "班级")),
        (inspect, training_class.title),
        *between,
        ("", title),
    ]
    return {
        "training_class": training_class,
        "breadcrumbs_items": [{"url": url, "label": label} for url, label in crumbs],
        "header_title": title,
        "page_title": title,
        "header_icon": "group",
        "class_url": inspect,
    }


def say_refusal(request: HttpRequest, error: DomainError) -> None:
    """Show every reason of a refusal."""
    for one in getattr(error, "refusals", [error]):
        messages.error(request, str(one.message))
