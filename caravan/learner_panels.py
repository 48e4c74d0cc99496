"""What the caravan adds to a trainee's own page; ``subject`` is the person acted for."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from caravan import learner
from cms.backoffice.panels import Panel
from cms.models import Person


class Awaiting(Panel):
    """Open offers and places in the queue: what needs an answer comes first."""

    name, template, order = "awaiting", "caravan/me/awaiting.html", 5

    def context(self, request: HttpRequest, subject: Person) -> dict[str, Any]:
        """Return a card an enrolment."""
        return {"cards": learner.awaiting(subject)}


class NextClass(Panel):
    """下一次上课."""

    name, template, order = "next_class", "caravan/me/next_class.html", 10

    def context(self, request: HttpRequest, subject: Person) -> dict[str, Any]:
        """Return the next session and the enrolment it belongs to."""
        at = timezone.now()
        found = learner.next_session(subject, at)
        if found is None:
            return {}
        session, enrolment = found
        days = (timezone.localdate(session.starts_at) - timezone.localdate(at)).days
        return {"session": session, "enrolment": enrolment, "days": days, "is_on": session.starts_at <= at}


class MyClasses(Panel):
    """Every class with a seat, newest first."""

    name, template, order = "my_classes", "caravan/me/my_classes.html", 25

    def context(self, request: HttpRequest, subject: Person) -> dict[str, Any]:
        """Return the enrolments."""
        return {"enrolments": learner.classes_of(subject)}
