"""Refusals: what the rules say no to, with a stable code and a sentence for the user."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.functional import Promise


class DomainError(Exception):
    """A rule refused the request.

    ``code`` is stable and documented; ``message`` is a sentence in the user's language that says what
    is wrong and how to put it right; ``field`` names the form field it belongs to, if any.
    """

    def __init__(
        self, code: str, message: str | Promise, *, field: str | None = None, **details: Any
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.field = field
        self.details = details

    def __str__(self) -> str:
        return str(self.message)


class Refusals(DomainError):
    """Several rules said no at once; the user is shown every reason, not only the first."""

    def __init__(self, refusals: Sequence[DomainError]) -> None:
        first = refusals[0]
        super().__init__(first.code, first.message, field=first.field)
        self.refusals = list(refusals)

    def __str__(self) -> str:
        return "".join(str(refusal.message) for refusal in self.refusals)
