"""What monitoring asks: alive, ready, figures, and the doctor's words."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client
from django.utils import timezone, translation
from wagtail.models import Site

from cms.enums import HeartbeatKind, JobState
from cms.models import Heartbeat, Job, SiteSettings
from cms.operations import heartbeats, probes, readiness
from cms.operations.checks import DoctorCheck, Level, doctor_checks, examine
from cms.operations.metrics import metric_sources
from cms.operations.readiness import Prober, readiness_probes
from cms.registry import Registry
from cms.roles import Role, group_name
from cms.services.memberships import sync_roles
from cms.tasks import note_round_trip

PARTS = ("database", "broker", "worker", "storage", "fonts")


@pytest.fixture
def prober(monkeypatch: pytest.MonkeyPatch) -> Prober:
    """A prober without an answer of the test before."""
    made = Prober(readiness_probes, limit_seconds=2)
    monkeypatch.setattr("cms.views.operations.prober", made)
    return made


def test_the_process_answers_without_asking_anything(client: Client) -> None:
    answer = client.get("/healthz")  # a query would fail here: the test has no database
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_these_addresses_are_only_read(client: Client) -> None:
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db(transaction=True)
@pytest.mark.both
def test_ready_needs_a_worker_that_was_heard_of(client: Client, monkeypatch: Any, prober: Prober) -> None:
    monkeypatch.setattr(readiness, "_KEEP_SECONDS", 0)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "parts": {**dict.fromkeys(PARTS, "ok"), "worker": "error"}}
    heartbeats.note(HeartbeatKind.WORKER, "celery@one", timezone.now())
    assert client.get("/readyz").json() == {"ready": True, "parts": dict.fromkeys(PARTS, "ok")}
    heartbeats.note(HeartbeatKind.WORKER, "celery@one", timezone.now() - dt.timedelta(minutes=1))
    assert Heartbeat.objects.count() == 1
    assert client.get("/readyz").status_code == 503


def test_a_part_that_hangs_is_named_in_time_and_asked_no_second_time() -> None:
    asked, let_go = [], threading.Event()

    def hang() -> None:
        asked.append(1)
        let_go.wait(10)

    registry: Registry[Any] = Registry("test")
    registry.register("slow", hang)
    registry.register("quick", lambda: None)
    prober = Prober(registry, limit_seconds=0.1)
    assert prober._ask_all() == {"slow": "timeout"}
    assert prober._ask_all() == {"slow": "timeout"}
    assert len(asked) == 1
    let_go.set()


def test_a_broken_part_shows_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise OSError("postgresql://caravan:secret-word@db refused")

    registry: Registry[Any] = Registry("test")
    registry.register("database", fail)
    assert Prober(registry).failing() == {"database": "error"}
    assert "secret-word" not in caplog.text


def test_a_full_or_foreign_folder_and_a_missing_font_are_seen(
    settings: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    settings.PRIVATE_ROOT = blocked
    with pytest.raises(OSError, match=r".*"):
        probes.ask_storage()
    monkeypatch.setattr(probes, "FOLDER", tmp_path)
    with pytest.raises(probes.ProbeError, match="NotoSerifSC"):
        probes.ask_fonts()


@pytest.fixture
def figures(client: Client) -> Iterator[Any]:
    def read(**headers: str) -> str:
        return client.get("/metrics", headers=headers).content.decode()

    yield read


@pytest.mark.django_db
@pytest.mark.both
def test_the_figures_count_requests_jobs_and_signs_of_life(client: Client, figures: Any) -> None:
    now = timezone.now()
    Job.objects.create(kind="import_check", title="t", created_at=now - dt.timedelta(seconds=90))
    Job.objects.create(kind="import_check", title="t", created_at=now, state=JobState.DONE)
    note_round_trip()
    client.get("/verify/")
    text = figures()
    assert (
        'caravan_http_request_seconds_count{method="GET",route="certificates:verify_form",status="200"}'
        in text
    )
    assert 'caravan_jobs{kind="import_check",state="queued"} 1.0' in text
    assert 'caravan_jobs{kind="import_check",state="done"} 1.0' in text
    age = next(line for line in text.splitlines() if line.startswith("caravan_job_queue_age_seconds{"))
    assert 90 <= float(age.split()[-1]) < 600
    assert 'caravan_heartbeat_age_seconds{kind="round_trip"}' in text
    assert "caravan_certificates{" in text
    assert "caravan_database_bytes" in text
    assert 'caravan_metric_source_failed{source="jobs"} 0.0' in text


@pytest.mark.django_db
def test_a_source_that_fails_hides_no_other(figures: Any, monkeypatch: Any) -> None:
    def fail(now: dt.datetime) -> None:
        raise RuntimeError

    monkeypatch.setitem(metric_sources._items, "jobs", fail)
    text = figures()
    assert 'caravan_metric_source_failed{source="jobs"} 1.0' in text
    assert "caravan_stored_files" in text


@pytest.mark.django_db
def test_figures_are_for_this_machine_or_the_bearer_of_the_token(client: Client, settings: Any) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 401
    # A proxy on this machine speaks for somebody else.
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 401
    settings.METRICS_TOKEN = "token-of-the-test"
    assert client.get("/metrics").status_code == 401
    wrong = client.get("/metrics", headers={"Authorization": "Bearer token-of-the-tesT"})
    assert wrong.status_code == 401
    right = client.get(
        "/metrics", headers={"Authorization": "Bearer token-of-the-test"}, REMOTE_ADDR="192.0.2.7"
    )
    assert right.status_code == 200


# The doctor ------------------------------------------------------------------


def levels(at: dt.datetime | None = None) -> dict[str, Level]:
    return {one.name: one.level for one in examine(at or timezone.now())}


def doctor(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    try:
        call_command("doctor", *options)
    except SystemExit as end:
        return int(str(end.code)), capsys.readouterr().out
    return 0, capsys.readouterr().out


@pytest.mark.django_db
@pytest.mark.both
def test_the_doctor_finds_a_well_office_well(capsys: pytest.CaptureFixture[str]) -> None:
    sync_roles()
    now = timezone.now()
    for kind in (HeartbeatKind.WORKER, HeartbeatKind.BEAT, HeartbeatKind.ROUND_TRIP):
        heartbeats.note(kind, "one", now)
    code, text = doctor(capsys)
    assert "[故障]" not in text
    assert code == 0
    assert doctor(capsys, "--strict")[0] == 1  # no mail, no text messages, no https: said, not hidden
    assert "没有配短信网关" in text


@pytest.mark.django_db
def test_the_doctor_names_each_fault_and_what_to_do(
    capsys: pytest.CaptureFixture[str], settings: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    open_key = tmp_path / "field_keys"
    open_key.write_text("x")
    open_key.chmod(0o644)
    monkeypatch.setenv("FIELD_KEYS_FILE", str(open_key))
    settings.IS_OFFICE = True
    settings.PUBLIC_URL = "http://training.example.com"
    settings.LOOKUP_KEYS = list(settings.FIELD_KEYS)
    settings.PRIVATE_ROOT = Path(settings.MEDIA_ROOT) / "private"
    settings.ALLOWED_HOSTS = ["*"]
    SiteSettings.objects.update_or_create(site=Site.objects.get(), defaults={"show_demo_banner": True})
    Group.objects.get(name=group_name(Role.PLANNER)).permissions.clear()
    code, text = doctor(capsys, "--json")
    said = json.loads(text)
    found = {one["name"]: one for one in said["checks"]}
    assert (code, said["level"]) == (1, "fault")
    for name in ("processes", "storage", "roles", "keys", "addresses", "demo"):
        assert found[name]["level"] == "fault", name
    advice = {one["advice"] for check in said["checks"] for one in check["findings"]}
    assert {"manage.py sync_roles", f"chmod 600 {open_key}", "celery -A cms beat"} <= advice
    assert found["backup"]["level"] == "warning"


@pytest.mark.django_db
def test_live_processes_without_messages_between_them_are_a_fault() -> None:
    now = timezone.now()
    heartbeats.note(HeartbeatKind.WORKER, "one", now)
    heartbeats.note(HeartbeatKind.BEAT, "one", now)
    heartbeats.note_round_trip(now - dt.timedelta(hours=1))
    assert levels(now)["processes"] is Level.FAULT
    heartbeats.note_round_trip(now)
    assert levels(now)["processes"] is Level.OK


@pytest.mark.django_db
def test_a_check_that_breaks_is_a_fault_and_stops_no_other(monkeypatch: Any) -> None:
    def fail(at: dt.datetime) -> None:
        raise RuntimeError("13900000417")

    monkeypatch.setitem(doctor_checks._items, "fonts", DoctorCheck("字体", fail))
    with translation.override("zh-hans"):
        examined = {one.name: one for one in examine(timezone.now())}
    assert examined["fonts"].level is Level.FAULT
    assert "RuntimeError" in examined["fonts"].findings[0].text
    assert "13900000417" not in examined["fonts"].findings[0].text
    assert {"clock", "keys", "certificates"} <= examined.keys()
