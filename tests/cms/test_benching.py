"""Benches: measured in fresh processes, in a world that knows nothing of the installation."""

from __future__ import annotations

import json
import os
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from cms import benching
from cms.benching import BenchResult, Measurement, bench_at, benches, measure, run_bench, summary

HERE = "tests.cms.test_benching"


def hold_memory(mib: int) -> int:
    """Take so much memory, in a process that is measured."""
    return len(bytearray(b"x") * (mib * 1024 * 1024))


def fail() -> None:
    """Break."""
    raise ZeroDivisionError("on purpose")


def tell_world(size: int | None) -> BenchResult:
    """Say where a bench runs."""
    from django.conf import settings

    from cms.models import User

    world = {
        "database": str(settings.DATABASES["default"]["NAME"]),
        "private": str(settings.PRIVATE_ROOT),
        "users": User.objects.count(),
        "secret": os.environ.get("SECRET_KEY", ""),
    }
    return BenchResult("world", size or 7, {}, world, 1.0, {})


def test_each_way_has_a_peak_of_its_own() -> None:
    ballast = bytearray(b"x" * (300 * 1024 * 1024))  # the parent's memory is not the child's
    small = measure(f"{HERE}:hold_memory", 1)
    large = measure(f"{HERE}:hold_memory", 100)
    del ballast
    assert small.value == 1024 * 1024
    assert small.peak_mib - small.base_mib < 30
    assert 80 < large.peak_mib - small.peak_mib < 120
    assert large.seconds > 0
    assert large.base_mib < large.peak_mib - 80


def test_a_broken_way_says_why() -> None:
    with pytest.raises(RuntimeError, match="on purpose"):
        measure(f"{HERE}:fail")


def test_median_range_and_greatest_peak() -> None:
    rows = [Measurement(seconds, seconds / 2, 50, 60 + seconds) for seconds in (3.0, 1.0, 2.0)]
    found = summary(rows)
    assert found["seconds"] == 2.0
    assert found["seconds_range"] == [1.0, 3.0]
    assert found["cpu_seconds"] == 1.0
    assert found["peak_mib"] == 63


def test_the_command_prints_one_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cms.benching.benches._items", {"world": bench_at(f"{HERE}:tell_world")})
    found = BenchResult("world", 5, {"seconds": 2}, {"seconds": 1}, 2.0, {"rows_equal": True})
    monkeypatch.setattr("cms.management.commands.bench.run_bench", lambda name, size, database: found)
    out = StringIO()
    call_command("bench", "world", "--size", "5", "--json", stdout=out)
    assert list(json.loads(out.getvalue())) == ["name", "size", "plain", "ours", "ratio", "checks"]
    with pytest.raises(CommandError, match="world"):
        call_command("bench", "nothing")
    out = StringIO()
    call_command("bench", stdout=out)
    assert out.getvalue().split() == ["world"]


def test_the_world_of_a_bench_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "PRIVATE_ROOT", "SECRET_KEY"):
        monkeypatch.setenv(name, "sqlite:////installation/of/somebody")
    with benching._private_world("") as environment:
        assert "/installation/of/somebody" not in environment.values()
        assert environment["DATABASE_URL"].startswith(f"sqlite:///{environment['VAR_DIR']}/")
        assert os.path.isdir(environment["VAR_DIR"])
    assert not os.path.exists(environment["VAR_DIR"])
    assert "PRIVATE_ROOT" not in environment


def test_an_unknown_bench_is_refused() -> None:
    assert "nothing" not in benches
    with pytest.raises(KeyError):
        run_bench("nothing", None)
