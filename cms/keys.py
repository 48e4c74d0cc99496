"""Keys of rows as a browser sends them: text that anybody may have written."""

from __future__ import annotations

import re
from collections.abc import Iterable

# A longer figure is no key of ours; the database would not take it, nor would int() take any length.
_KEY = re.compile(r"[0-9]{1,18}", re.ASCII)


def row_keys(values: Iterable[str]) -> set[int]:
    """Return the keys among ``values``; what cannot be one is left out."""
    return {int(value) for value in values if _KEY.fullmatch(value)}
