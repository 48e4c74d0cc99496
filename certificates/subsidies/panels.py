"""What can be claimed, at ``/me/``."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from certificates.subsidies.advice import advice_for
from cms.backoffice.panels import Panel


class ClaimAdvice(Panel):
    """可以去申领什么: schemes that fit the person's certificates, with the last day and what is still open."""

    name, template, order = "claim_advice", "certificates/subsidies/panels/advice.html", 50

    def context(self, request: HttpRequest, subject: Any) -> dict[str, Any]:
        """Read the advice for ``subject``, the person the account acts for (a fixed number of queries)."""
        if getattr(subject, "pk", None) is None:
            return {"advices": []}
        return {"advices": advice_for(subject, timezone.localdate())}
