"""Take what looks personal out of a log line, whoever wrote the line.

Code of ours never logs a number, phone, name or code. This is the second net: an exception's message
may quote a value, and a database names the row that it refuses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

_START, _END = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
_SPOKEN = "[34679ACDEFGHJKMNPQRTWXY]"
# What a person may be found by keeps its first and last character, as on our screens.
_NUMBERS = re.compile(
    rf"{_START}(?P<uuid>[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}){_END}"  # our keys stay whole
    rf"|(?<![0-9A-Za-z*])\d{{11,}}[Xx]?{_END}"  # identity numbers, mobile phones, accounts
    rf"|{_START}(?:\+?86[- ]?)?1[3-9]\d[- ]\d{{4}}[- ]\d{{4}}{_END}"
    rf"|{_START}\+86[- ]?1[3-9]\d{{9}}{_END}"
    rf"|{_START}\d{{6}}[- ]\d{{8}}[- ]\d{{3}}[\dXx]{_END}"
    rf"|{_START}0\d{{2,3}}-\d{{7,8}}{_END}"
    rf"|{_START}[A-Z]{{1,2}}\d{{7,10}}{_END}"  # passports, permits of Hong Kong, Macao and Taiwan
)
# A slip's code opens an account: nothing of it stays. A request id has two groups of five.
_CODES = re.compile(rf"{_START}{_SPOKEN}{{4}}[- ]?{_SPOKEN}{{4}}{_END}")
_ADDRESS = re.compile(r"[\w.+-]+@(?=[\w-]+\.[\w.-]+)")
# PostgreSQL quotes the row: "Key (phone)=(…) already exists", "Failing row contains (…)".
_ROW_VALUES = re.compile(r"(=\(|Failing row contains \()[^\n]*\)")
# An address with a token: whoever has it may read what it leads to.
_TOKENS = re.compile(r"(/v/|/slips?/|/files/|[?&](?:token|code|key|signature)=)[^\s/?&#'\"]+")


def mask_text(text: str) -> str:
    """Return ``text`` with numbers, phones, addresses, codes, tokens and quoted rows masked."""
    text = _ROW_VALUES.sub(r"\1…)", text)
    text = _TOKENS.sub(r"\1…", text)
    text = _NUMBERS.sub(_ends_only, text)
    text = _CODES.sub("********", text)
    return _ADDRESS.sub("***@", text)


def mask_event(logger: object, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask every value of a log event (a structlog processor); objects become masked text."""
    return {key: value if key.startswith("_") else _masked(value) for key, value in event.items()}


def _masked(value: Any) -> Any:
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        text = str(value)
        masked = mask_text(text)
        return value if masked == text else masked
    if isinstance(value, Mapping):
        return {str(key): _masked(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_masked(one) for one in value]
    return mask_text(str(value))


def _ends_only(found: re.Match[str]) -> str:
    text = found.group()
    if found["uuid"]:
        return text
    return f"{text[0]}{'*' * (len(text) - 2)}{text[-1]}"
