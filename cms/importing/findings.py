"""What was found at a cell: where, what stood there, why it is wrong and what to write instead."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.functional import Promise

from cms import crypto

ERROR = "error"  # the row is not imported
NOTE = "note"  # the row is imported; the reader should know


class CellError(ValueError):
    """A cell cannot be taken. ``message`` never repeats the cell's value, which is kept apart, encrypted."""

    def __init__(self, code: str, message: str | Promise, *, suggestion: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.suggestion = suggestion

    def __str__(self) -> str:
        return str(self.message)


@dataclass(frozen=True)
class Finding:
    """One finding of one row; ``column`` is the column's letter, ``title`` its heading in the file."""

    field: str
    code: str
    message: str
    value: str = ""
    suggestion: str = ""
    level: str = ERROR
    column: str = ""
    title: str = ""

    @property
    def is_error(self) -> bool:
        """Whether the row cannot be imported because of it."""
        return self.level == ERROR


def seal(findings: list[Finding]) -> str:
    """Return the findings as one encrypted token, or an empty string: a wrong number may be a real one."""
    if not findings:
        return ""
    return crypto.encrypt_text(json.dumps([asdict(one) for one in findings], ensure_ascii=False))


def unseal(token: str) -> list[Finding]:
    """Return the findings of a token."""
    if not token:
        return []
    rows: list[dict[str, Any]] = json.loads(crypto.decrypt_text(token))
    return [Finding(**row) for row in rows]
