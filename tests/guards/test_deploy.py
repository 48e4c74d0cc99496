"""A real office: no secret has a default, and Django's own list of deployment faults is empty."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.guards.source import ROOT

SECRETS = ("SECRET_KEY", "FIELD_KEYS", "LOOKUP_KEYS", "DATABASE_URL", "CELERY_BROKER_URL")


def office(folder: Path, **changes: str) -> dict[str, str]:
    """Return the environment of an office with new secrets; an empty value removes a name."""
    named = {
        "DJANGO_SETTINGS_MODULE": "cms.settings.production",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_KEYS": Fernet.generate_key().decode(),
        "LOOKUP_KEYS": secrets.token_urlsafe(32),
        "DATABASE_URL": "postgresql://caravan@127.0.0.1:1/caravan",
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
        "PUBLIC_URL": "https://training.example.com",
        "ALLOWED_HOSTS": "training.example.com",
        "MEDIA_ROOT": str(folder / "media"),
        "PRIVATE_ROOT": str(folder / "private"),
        "STATIC_ROOT": str(folder / "static"),
        "PATH": os.environ["PATH"],
        **changes,
    }
    return {name: value for name, value in named.items() if value}


def check_deploy(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run Django's deployment check as an operator would."""
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_deployment_check_is_clean(tmp_path: Path) -> None:
    done = check_deploy(office(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize("name", SECRETS)
def test_a_missing_secret_is_named(tmp_path: Path, name: str) -> None:
    done = check_deploy(office(tmp_path, **{name: ""}))
    assert done.returncode != 0
    assert name in done.stderr


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(secrets.token_urlsafe(50) + "\n", encoding="utf-8")
    done = check_deploy(office(tmp_path, SECRET_KEY="", SECRET_KEY_FILE=str(path)))
    assert done.returncode == 0, done.stdout + done.stderr
