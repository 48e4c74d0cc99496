"""Encrypt an archive with a passphrase while it is written, and open it while it is read.

Chunks of 1 MiB under AES-256-GCM; the nonce is the chunk's number and a mark on the last one (the STREAM
construction that age uses), so a chunk changed, moved, dropped or cut off at the end does not open. The
key comes from the passphrase by scrypt with a salt of its own for each archive.
"""

from __future__ import annotations

import os
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from cms.operations.backup.errors import BackupError

MAGIC = b"caravan sealed backup 1\n"
_SALT, _TAG, _CHUNK = 16, 16, 1024 * 1024
_COST = 2**16  # 64 MiB and a fifth of a second: a guess at a passphrase should cost something


def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=_COST, r=8, p=1).derive(passphrase.encode()))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


class SealingWriter:
    """A file for writing; call ``close`` or the archive has no end. The file below stays open."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        salt = os.urandom(_SALT)
        self._file, self._cipher = file, _cipher(passphrase, salt)
        self._waiting = bytearray()
        self._number = 0
        file.write(MAGIC + salt)

    def write(self, data: bytes) -> int:
        """Take ``data``; whole chunks go on to the file below."""
        self._waiting += data
        while len(self._waiting) > _CHUNK:
            self._put(bytes(self._waiting[:_CHUNK]), last=False)
            del self._waiting[:_CHUNK]
        return len(data)

    def close(self) -> None:
        """Write the last chunk."""
        self._put(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _put(self, chunk: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last=last), chunk, MAGIC))
        self._number += 1


class SealedReader:
    """A file for reading in order; raises ``BackupError`` for a wrong passphrase or a damaged chunk."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        if file.read(len(MAGIC)) != MAGIC:
            raise BackupError("This is no sealed archive.")
        self._file, self._cipher = file, _cipher(passphrase, file.read(_SALT))
        self._plain = b""
        self._ahead = file.read(_CHUNK + _TAG)
        self._number = 0
        self._ended = False

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes; fewer only at the end."""
        parts, left = [], size
        while left != 0:
            if not self._plain and not self._next():
                break
            part = self._plain if left < 0 else self._plain[:left]
            self._plain = self._plain[len(part) :]
            parts.append(part)
            left = left if left < 0 else left - len(part)
        return b"".join(parts)

    def _next(self) -> bool:
        if self._ended:
            return False
        chunk, self._ahead = self._ahead, self._file.read(_CHUNK + _TAG)
        self._ended = not self._ahead
        try:
            self._plain = self._cipher.decrypt(_nonce(self._number, last=self._ended), chunk, MAGIC)
        except InvalidTag as error:
            said = "The passphrase is wrong, or the archive" if self._number == 0 else "The archive"
            raise BackupError(f"{said} is damaged or cut off.") from error
        self._number += 1
        return bool(self._plain) or self._next()
