"""Figures for Prometheus: requests as this process saw them, everything else counted in the database.

With several web processes the request figures live in files of the folder ``PROMETHEUS_MULTIPROC_DIR``,
which ``deploy/gunicorn.conf.py`` makes; whichever process is asked then answers for all of them.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Callable, Iterable, Iterator

from django.db import connection
from django.db.models import Count, Max, Min, Sum
from django.utils import timezone
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from cms.enums import HeartbeatKind, JobState
from cms.models import Heartbeat, Job, StoredFile
from cms.operations.version import version
from cms.registry import Registry

logger = logging.getLogger(__name__)

MetricSource = Callable[[dt.datetime], Iterable[Metric]]
metric_sources: Registry[MetricSource] = Registry("metric_sources")

_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_requests = Histogram(
    "caravan_http_request_seconds",
    "Time to answer a request, by method, route and status.",
    ["method", "route", "status"],
    buckets=_BUCKETS,
    registry=None,
)


def observe_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request."""
    _requests.labels(method, route, str(status)).observe(seconds)


def render_metrics() -> bytes:
    """Return all figures in Prometheus' text format."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the package leaves it untyped
    else:
        registry.register(_requests)
    registry.register(_Sources())
    return generate_latest(registry)


class _Sources(Collector):
    """Asks every source; one that fails is named and hides no other."""

    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        failures = GaugeMetricFamily("caravan_metric_source_failed", "1: it failed.", labels=["source"])
        for name in metric_sources.keys():  # noqa: SIM118 - a registry iterates over its items
            try:
                yield from list(metric_sources.get(name)(now))
                failures.add_metric([name], 0)
            except Exception as error:  # noqa: BLE001 - whatever it is, the others are still wanted
                logger.warning("figures of %s failed: %s", name, type(error).__name__)
                failures.add_metric([name], 1)
        yield failures


def build_figures(now: dt.datetime) -> Iterator[Metric]:
    """The version that runs."""
    info = GaugeMetricFamily("caravan_build_info", "Always 1.", labels=["version"])
    info.add_metric([version()], 1)
    yield info


def job_figures(now: dt.datetime) -> Iterator[Metric]:
    """Jobs by kind and state, and how long the oldest one waits."""
    jobs = GaugeMetricFamily("caravan_jobs", "Background jobs.", labels=["kind", "state"])
    counted = Job.objects.order_by().values_list("kind", "state").annotate(count=Count("pk"))
    for kind, state, count in counted:
        jobs.add_metric([kind, state], count)
    yield jobs
    waiting = GaugeMetricFamily(
        "caravan_job_queue_age_seconds", "Age of the oldest job that nobody works on.", labels=["kind"]
    )
    queued = Job.objects.filter(state=JobState.QUEUED).order_by().values_list("kind")
    for kind, oldest in queued.annotate(oldest=Min("created_at")):
        waiting.add_metric([kind], max(0.0, (now - oldest).total_seconds()))
    yield waiting


def heartbeat_figures(now: dt.datetime) -> Iterator[Metric]:
    """Seconds since the last sign of life of each kind, the last backup among them."""
    ages = GaugeMetricFamily(
        "caravan_heartbeat_age_seconds",
        "Since the last sign of life (backup: last one made).",
        labels=["kind"],
    )
    known = dict(Heartbeat.objects.order_by().values_list("kind").annotate(newest=Max("at")))
    for kind in HeartbeatKind:
        if kind in known:
            ages.add_metric([str(kind)], max(0.0, (now - known[kind]).total_seconds()))
    yield ages


def storage_figures(now: dt.datetime) -> Iterator[Metric]:
    """Size of the database and of private files."""
    yield GaugeMetricFamily("caravan_database_bytes", "Size of the database.", value=database_bytes())
    files = StoredFile.objects.aggregate(count=Count("pk"), size=Sum("size"))
    yield GaugeMetricFamily("caravan_stored_files", "Private files on record.", value=files["count"])
    yield GaugeMetricFamily("caravan_stored_bytes", "Their size.", value=files["size"] or 0)


def database_bytes() -> int:
    """Return what the database takes up on its disk."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
        else:
            cursor.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        return int(cursor.fetchone()[0])
