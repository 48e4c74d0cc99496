"""Make the embedded default's keys once, under ``var/keys`` with mode 600, and keep them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, MutableMapping
from pathlib import Path

from cryptography.fernet import Fernet

_MAKERS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "FIELD_KEYS": lambda: Fernet.generate_key().decode(),
    "LOOKUP_KEYS": lambda: secrets.token_urlsafe(32),
}


def ensure_key_files(folder: Path, environ: MutableMapping[str, str]) -> None:
    """Point ``NAME_FILE`` at a key file for each key the environment does not name, making it if absent."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, make in _MAKERS.items():
        if environ.get(name) or environ.get(f"{name}_FILE"):
            continue
        path = folder / name.lower()
        try:
            with path.open("x", encoding="utf-8") as file:
                path.chmod(0o600)
                file.write(make() + "\n")
        except FileExistsError:
            pass
        environ[f"{name}_FILE"] = str(path)
