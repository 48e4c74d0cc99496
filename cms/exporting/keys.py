"""The keys of the rows of an export, in their order."""

from __future__ import annotations

import tempfile
import weakref
from array import array
from collections.abc import Iterable
from itertools import islice

_SIZE = array("q").itemsize
_AT_ONCE = 1000
# Beyond 32 000 keys they lie in a file without a name, which ends with the process.
_IN_MEMORY = 32_000 * _SIZE


class Keys:
    """Primary keys, read once and kept at eight bytes each; a million of them take no memory."""

    def __init__(self, keys: Iterable[int]) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  lives as long as this
        weakref.finalize(self, self._file.close)
        self._count = 0
        source = iter(keys)
        while part := array("q", islice(source, _AT_ONCE)):
            self._file.write(part.tobytes())
            self._count += len(part)

    def __len__(self) -> int:
        return self._count

    def part(self, start: int, count: int) -> list[int]:
        """Return at most ``count`` keys from the place ``start`` on, counted from 0."""
        self._file.seek(start * _SIZE)
        return array("q", self._file.read(count * _SIZE)).tolist()
