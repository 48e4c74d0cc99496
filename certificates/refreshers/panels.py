"""When the next refresher is due, at ``/me/``."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from certificates.refreshers.enums import RefresherState
from certificates.refreshers.reading import person_status
from cms.backoffice.panels import Panel


class RefresherCountdown(Panel):
    """什么时候回炉: the days left, the last day and the reason; nothing for who is not in post."""

    name, template, order = "refresher_countdown", "certificates/refreshers/panels/countdown.html", 40

    def context(self, request: HttpRequest, subject: Any) -> dict[str, Any]:
        """Ask the clock for ``subject``, the person the account acts for (a fixed number of queries)."""
        if getattr(subject, "pk", None) is None:
            return {"status": None}
        today = timezone.localdate()
        answer = person_status(subject, today)
        if answer is None or answer.state == RefresherState.NOT_COVERED:
            return {"status": None}
        days = (answer.due_on - today).days if answer.due_on else None
        return {"status": answer, "days": days, "days_over": -days if days is not None else None}
