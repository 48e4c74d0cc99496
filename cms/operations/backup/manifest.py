"""What an archive says of itself: versions, rows of each table, the digest of each file, which keys it needs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from cms.crypto import key_id
from cms.operations.backup.errors import BackupError

NAME = "manifest.json"
FORMAT = 1


@dataclass(frozen=True)
class Entry:
    """One file of the archive: its name there, its size in bytes, its SHA-256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The last member of an archive. ``keys`` names by id, under the setting's name, what reads the data."""

    made_at: str
    versions: dict[str, str]
    vendor: str
    migrations: list[str]
    tables: dict[str, int]
    entries: list[Entry]
    keys: dict[str, list[str]]
    format: int = FORMAT

    def to_bytes(self) -> bytes:
        """Return it as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """Read it; raise ``BackupError`` when it is none of ours or of a later form."""
        try:
            facts: dict[str, Any] = json.loads(data)
            if facts["format"] != FORMAT:
                raise BackupError(f"The archive has form {facts['format']}; this version reads {FORMAT}.")
            facts["entries"] = [Entry(**one) for one in facts["entries"]]
            return cls(**facts)
        except (ValueError, KeyError, TypeError) as error:
            raise BackupError("The manifest of the archive cannot be read.") from error


def key_ids(secrets: Iterable[str]) -> list[str]:
    """Return the ids of several keys, newest first as in the settings."""
    return [key_id(secret) for secret in secrets]
