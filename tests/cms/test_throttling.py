"""Counts of tries hold for all processes together."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory
from django.utils import timezone

from cms.settings.caches import caches_from_url
from cms.throttling import Throttle, address_of
from tests.guards.source import ROOT
from tests.guards.test_deploy import office


@pytest.mark.both
def test_ten_of_thirty_tries_at_once_are_free(run_together: Any) -> None:
    throttle = Throttle("test", limit=10, seconds=60)
    waits = run_together(*[lambda: throttle.take("somebody", at=timezone.now())] * 30)
    assert all(isinstance(wait, int) for wait in waits), waits
    assert sorted(waits)[:10] == [0] * 10
    assert all(0 < wait <= 60 for wait in sorted(waits)[10:])


@pytest.mark.django_db
def test_a_try_given_back_is_free_again() -> None:
    throttle, at = Throttle("test", limit=1, seconds=60), timezone.now()
    assert throttle.take("a", at=at) == 0
    throttle.give_back("a")
    assert throttle.take("a", at=at) == 0
    assert throttle.take("a", at=at) > 0
    assert throttle.take("b", at=at) == 0
    throttle.forget("a")
    assert throttle.take("a", at=at) == 0
    throttle.give_back("nobody")


@pytest.mark.django_db
def test_the_database_cache_keeps_an_entrys_end() -> None:
    shared = caches["shared"]
    shared.set("count", 1, 1000)
    shared.incr("count")
    from cms.models import CacheRow

    left = (CacheRow.objects.get().expires - timezone.now()).total_seconds()
    assert 990 < left <= 1000
    with pytest.raises(ValueError, match="absent"):
        shared.incr("absent")


_TAKE = """
import django; django.setup()
from django.utils import timezone
from cms.throttling import Throttle
print(sum(Throttle("test", limit=5, seconds=60).take("somebody", at=timezone.now()) == 0 for _ in range(5)))
"""


def test_two_processes_share_their_counts_on_redis(redis_url: str, tmp_path: Any) -> None:
    env = office(tmp_path, CACHE_URL=redis_url)
    ran = [
        subprocess.Popen([sys.executable, "-c", _TAKE], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        for _process in range(2)
    ]
    assert sum(int(child.communicate(timeout=60)[0]) for child in ran) == 5


def test_an_unknown_cache_is_named() -> None:
    with pytest.raises(ImproperlyConfigured, match="CACHE_URL"):
        caches_from_url("memcached://127.0.0.1")


def test_only_our_own_proxies_are_believed(rf: RequestFactory, settings: Any) -> None:
    request = rf.get("/", REMOTE_ADDR="10.0.0.2", HTTP_X_FORWARDED_FOR="198.51.100.1, 203.0.113.7")
    assert address_of(request) == "10.0.0.2"
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert address_of(request) == "203.0.113.7"
