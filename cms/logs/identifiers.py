"""The id of a request: in its answer, in its log lines, and on the error page that a person reads out."""

from __future__ import annotations

import re

from structlog.contextvars import get_contextvars

from cms.ids import spoken_code
from cms.logs.masking import mask_text

_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}", re.ASCII)


def new_request_id() -> str:
    """Return an id such as ``K7R4W-93MXP``: no look-alikes, short enough for the telephone."""
    code = spoken_code(10)
    return f"{code[:5]}-{code[5:]}"


def accepted_request_id(text: str) -> str:
    """Return the caller's id if it is a plain word and no number or code of a person, else a new one."""
    return text if _SANE.fullmatch(text) and mask_text(text) == text else new_request_id()


def current_request_id() -> str:
    """Return the id of the request in hand, or a new one outside of any."""
    return str(get_contextvars().get("request_id") or new_request_id())
