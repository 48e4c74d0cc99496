"""What deploy/ names exists: variables, commands, files; and what the docs promise is in deploy/."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from tests.guards.source import ROOT
from tests.guards.test_documented import environment_names

DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose" / "compose.yaml"
EXAMPLE = DEPLOY / "environment.example"
UNITS = sorted((DEPLOY / "systemd").iterdir())
SECRETS = {"SECRET_KEY", "FIELD_KEYS", "LOOKUP_KEYS", "DATABASE_URL", "CELERY_BROKER_URL"}
# Names of the programs below us, not of ours.
_FOREIGN = {
    "DJANGO_SETTINGS_MODULE",
    "TZ",
    "POSTGRES_DB",
    "POSTGRES_USER",
    "POSTGRES_PASSWORD",
    "CARAVAN_IMAGE",
}
_REGISTRY = re.compile(
    r"\b(?:docker\.io|ghcr\.io|quay\.io|gcr\.io|registry\.[a-z0-9.-]+|pypi\.org|pythonhosted\.org)\b"
)


def base_name(name: str) -> str:
    return name.removesuffix("_FILE")


def example() -> dict[str, str]:
    """Return the names of the example with what stands behind them; commented ones too."""
    found = re.findall(r"^#?([A-Z][A-Z_]+)=(.*)$", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(found)


def compose() -> Any:
    return yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))


def compose_environment() -> dict[str, str]:
    return {
        name: str(value)
        for service in compose()["services"].values()
        for name, value in service.get("environment", {}).items()
    }


def operations_table() -> set[str]:
    """Return every name of the table "Environment" in docs/operations.md."""
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    table = text.split("## Environment", 1)[1].split("\n## ", 1)[0]
    return set(re.findall(r"^\| `([A-Z_]+)", table, flags=re.MULTILINE))


def test_every_variable_of_deploy_is_in_the_documentation_and_back() -> None:
    used = {base_name(name) for name in (*example(), *compose_environment())} - _FOREIGN
    # ``${NAME:-…}`` of the compose file is read from its .env file.
    used |= set(re.findall(r"\$\{([A-Z_]+)", COMPOSE.read_text(encoding="utf-8"))) - _FOREIGN
    gunicorn = (DEPLOY / "gunicorn.conf.py").read_text(encoding="utf-8")
    used |= set(re.findall(r'env_(?:str|int)\("([A-Z_]+)"', gunicorn))
    documented = operations_table()
    assert used <= documented, used - documented
    read = environment_names() | set(re.findall(r"[A-Z_]{5,}", gunicorn)) | _FOREIGN
    assert documented <= read, f"documented, but nobody reads them: {documented - read}"
    assert {base_name(name) for name in example()} >= SECRETS | {"PUBLIC_URL", "MEDIA_ROOT"}


def test_no_secret_has_a_default() -> None:
    for names in (example(), compose_environment()):
        for name, value in names.items():
            if base_name(name) in {*SECRETS, "POSTGRES_PASSWORD", "METRICS_TOKEN", "BACKUP_PASSPHRASE"}:
                assert name.endswith("_FILE") and value.startswith(("/run/secrets/", "/etc/caravan/secrets/"))
    assert example()["PUBLIC_URL"] == example()["ALLOWED_HOSTS"] == ""
    assert all(set(one) == {"file"} for one in compose()["secrets"].values())


def test_compose_holds_together() -> None:
    parsed = compose()
    services, volumes = parsed["services"], parsed["volumes"]
    assert {"database", "broker", "web", "worker", "beat", "nginx", "prepare", "backup"} <= services.keys()
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= services.keys(), name
        assert set(service.get("secrets", [])) <= parsed["secrets"].keys(), name
        for volume in service.get("volumes", []):
            source = volume.split(":", 1)[0]
            if not source.startswith("."):
                assert source in volumes, f"{name}: {volume}"
            elif "secrets" not in source:
                assert (COMPOSE.parent / source).exists(), f"{name}: {volume}"


def commands() -> list[str]:
    """Return every command line that units and compose start."""
    found = []
    for service in compose()["services"].values():
        command = service.get("command", [])
        text = command if isinstance(command, str) else " ".join(str(part) for part in command)
        found += [part.strip() for part in text.removeprefix("sh -ec").split("&&") if part.strip()]
    for path in UNITS:
        found += re.findall(r"^ExecStart=(.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return found


def test_units_and_compose_call_what_exists() -> None:
    lines = commands()
    assert len(lines) >= 10
    known, seen = get_commands(), set()
    for line in lines:
        program, *words = shlex.split(line)
        program = Path(program).name
        if program == "python":
            assert words[0] == "manage.py" and words[1] in known, line
            seen.add(words[1])
        else:
            assert program in {"gunicorn", "celery"}, line
            seen.add(program if program == "gunicorn" else f"celery {words[3]}")
            assert words[1:2] == ["deploy/gunicorn.conf.py"] or words[:3] == ["-q", "-A", "cms"], line
    assert {"migrate", "sync_roles", "collectstatic", "error_pages", "backup", "gunicorn"} <= seen
    assert {"celery worker", "celery beat"} <= seen


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_reads_the_units() -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )
    # On this machine the programs of /srv/caravan are not installed; everything else is a fault.
    ours = [
        line for line in done.stderr.splitlines() if "caravan" in line and "is not executable" not in line
    ]
    assert not ours, "\n".join(ours)


def test_nginx_takes_what_the_application_takes(settings: Any) -> None:
    locations = (DEPLOY / "nginx/locations.conf").read_text(encoding="utf-8")
    assert f"client_max_body_size {settings.UPLOAD_LIMIT_BYTES // 1024**2}m;" in locations
    for header in ("Strict-Transport-Security", "Referrer-Policy", "X-Frame-Options"):
        assert header not in locations  # the application says them; twice would be two policies
    assert "X-Forwarded-Proto $scheme" in (DEPLOY / "nginx/proxy.conf").read_text(encoding="utf-8")
    pages = re.findall(r"error_page [0-9 ]+ /error-pages/(\d+)\.html", locations)
    assert sorted(pages) == ["413", "503"]


def test_no_file_of_deploy_names_a_registry() -> None:
    named = [
        path.name
        for path in DEPLOY.rglob("*")
        if path.is_file()
        and path.suffix not in {".lock", ".pyc"}
        and _REGISTRY.search(path.read_text(encoding="utf-8"))
    ]
    assert not named
    assert not _REGISTRY.search((ROOT / "docs/deploy.md").read_text(encoding="utf-8"))
