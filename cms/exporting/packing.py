"""Encrypted archives on demand: AES-256, the password made here, shown once and kept nowhere."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import IO

# Without look-alikes; 20 characters of 31 are 99 bits.
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_LENGTH = 20
_GROUP = 5


def new_password() -> str:
    """Return a password to be read out or typed: four groups of five.

    >>> len(new_password())
    23
    """
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return "-".join(letters[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))


def write_archive(target: IO[bytes], name: str, content: Iterable[bytes], password: str) -> None:
    """Write an archive with one encrypted member (WinZip AES-256: 7-Zip, WinRAR, WinZip and macOS open it)."""
    import pyzipper  # a second library for encryption, which few processes need

    with pyzipper.AESZipFile(
        target, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES
    ) as archive:
        archive.setpassword(password.encode())
        with archive.open(name, "w", force_zip64=True) as member:
            for part in content:
                member.write(part)
