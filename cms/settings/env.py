"""Read each environment variable once, typed, and fail with a sentence an operator understands.

Every secret may also come from a file named by ``NAME_FILE`` (container and systemd credentials).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def env_str(name: str, default: str | None = None) -> str:
    """Return the value of ``name``; without a default a missing or empty value is an error."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"{name} is not set. Set it in the environment.")
    return default


def env_bool(name: str, default: bool) -> bool:
    """Return ``name`` as a boolean; accepts 1/0, true/false, yes/no, on/off."""
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is not a yes or no. Use 1 or 0.")


def env_int(name: str, default: int) -> int:
    """Return ``name`` as a whole number."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        return int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}={value!r} is not a whole number.") from error


def env_list(name: str, default: list[str]) -> list[str]:
    """Return ``name`` split at commas, blanks dropped."""
    value = os.environ.get(name, "")
    items = [item.strip() for item in value.split(",") if item.strip()]
    return items or default


def env_secret(name: str) -> str:
    """Return a secret from ``NAME`` or from the file that ``NAME_FILE`` names; never a default."""
    path = os.environ.get(f"{name}_FILE", "").strip()
    if path:
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE={path!r} cannot be read: {error}.") from error
        if not value:
            raise ImproperlyConfigured(f"The file {path!r} named by {name}_FILE is empty.")
        return value
    value = os.environ.get(name, "").strip()
    if not value:
        raise ImproperlyConfigured(f"Neither {name} nor {name}_FILE is set. A secret has no default.")
    return value


def env_secrets(name: str) -> list[str]:
    """Return several secrets, newest first, one a line or separated by commas."""
    return [item.strip() for item in env_secret(name).replace("\n", ",").split(",") if item.strip()]


def env_secret_or_empty(name: str) -> str:
    """Return a secret as ``env_secret`` does, or an empty string where neither name is set: for what may be left out."""
    given = any(os.environ.get(key, "").strip() for key in (name, f"{name}_FILE"))
    return env_secret(name) if given else ""


_PEM = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.+?-----END \1-----", re.DOTALL)


def env_pems(name: str) -> list[str]:
    """Return the PEM blocks of private keys in ``NAME`` or the file that ``NAME_FILE`` names; none if unset."""
    if not os.environ.get(name, "").strip() and not os.environ.get(f"{name}_FILE", "").strip():
        return []
    text = env_secret(name).replace("\\n", "\n")
    blocks = [found.group(0) for found in _PEM.finditer(text)]
    if not blocks:
        raise ImproperlyConfigured(f"{name} holds no private key in PEM format.")
    return blocks
