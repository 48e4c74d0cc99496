"""Certificates that wait to be issued."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from certificates.issuing.issuable import classes_to_issue
from cms.backoffice.todo import Todo
from cms.models import User
from cms.roles import Role


def classes_without_certificates(user: User) -> Todo | None:
    """Closed classes with people who have earned a certificate and hold none."""
    if not user.live_roles() & {Role.PLANNER, Role.ORG_ADMIN}:
        return None
    count = len(classes_to_issue(user))
    return Todo(_("可以发证的班"), _("合格的人还没有证书"), count, reverse("certificate_issuing:index"))
