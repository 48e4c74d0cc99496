"""The seam to a text-message gateway: one call, one receipt; which gateway answers is a setting."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class SmsRefusedError(Exception):
    """The gateway did not take the message; the text says why, without phone or content.

    ``code`` is the gateway's word or ours, fit for a log.
    """

    def __init__(self, text: str, code: str = "refused") -> None:
        super().__init__(text)
        self.code = code


class SmsTroubleError(SmsRefusedError):
    """The gateway took nothing because something is out of order: the same may be tried again later."""


class SmsUnclearError(SmsRefusedError):
    """Nobody knows whether the gateway took it: not sent again by itself, a text is never paid for twice."""


@dataclass(frozen=True)
class SmsReceipt:
    """What the gateway answered: its own id of the message, empty where it gives none."""

    gateway_id: str = ""


class SmsGateway(Protocol):
    """Takes one text for one phone; raises ``SmsRefusedError``."""

    def send(self, phone: str, text: str) -> SmsReceipt:
        """Hand ``text`` (Chinese or English, at most 500 characters) over for ``phone`` (E.164 or 11 digits)."""
        ...


class ConsoleSmsGateway:
    """For development: writes the text to standard error instead of sending it."""

    def send(self, phone: str, text: str) -> SmsReceipt:
        """Print phone and text; never for an office, where a text may hold a code."""

        sys.stderr.write(f"SMS {phone}: {text}\n")
        return SmsReceipt("console")


def sms_gateway() -> SmsGateway | None:
    """Return the gateway named by ``SMS_GATEWAY`` (dotted path of a class without arguments), or ``None``.

    Without a gateway nothing may promise a text message: slips and the in-site inbox take its place.
    """
    path = settings.SMS_GATEWAY
    return import_string(path)() if path else None
