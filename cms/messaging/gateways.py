"""The seam to a text-message gateway: one call, one receipt; which gateway answers is a setting."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)


class SmsRefusedError(Exception):
    """The gateway did not take the message; the text says why, without phone or content."""


@dataclass(frozen=True)
class SmsReceipt:
    """What the gateway answered: its own id of the message, empty where it gives none."""

    gateway_id: str = ""


class SmsGateway(Protocol):
    """Takes one text for one phone; raises ``SmsRefusedError``."""

    def send(self, phone: str, text: str) -> SmsReceipt:
        """Hand ``text`` (Chinese or English, at most 500 characters) over for ``phone`` (E.164 or 11 digits)."""
        ...


def sms_gateway() -> SmsGateway | None:
    """Return the gateway named by ``SMS_GATEWAY`` (dotted path of a class without arguments), or ``None``.

    Without a gateway nothing may promise a text message: slips and the in-site inbox take its place.
    """
    path = settings.SMS_GATEWAY
    return import_string(path)() if path else None
