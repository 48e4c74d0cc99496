"""Figures and checks of seals and deliveries."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator

from django.db.models import Count, Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from prometheus_client.core import GaugeMetricFamily, Metric

from cms.models import AuditEntry, AuditSeal, Delivery
from cms.operations.checks import DoctorCheck, Finding, doctor_checks, ok, warning
from cms.operations.metrics import metric_sources

# The sealer runs every few minutes; an entry that stands open for longer was forgotten.
_UNSEALED_FOR = dt.timedelta(hours=1)


def seal_figures(now: dt.datetime) -> Iterator[Metric]:
    """Age of the last seal."""
    newest = AuditSeal.objects.aggregate(newest=Max("at"))["newest"]
    if newest is not None:
        yield GaugeMetricFamily(
            "caravan_audit_seal_age_seconds",
            "Since the last seal.",
            value=max(0.0, (now - newest).total_seconds()),
        )


def delivery_figures(now: dt.datetime) -> Iterator[Metric]:
    """Deliveries of messages by channel and state."""
    family = GaugeMetricFamily("caravan_deliveries", "Deliveries of messages.", labels=["channel", "state"])
    for channel, state, count in (
        Delivery.objects.order_by().values_list("channel", "state").annotate(count=Count("pk"))
    ):
        family.add_metric([str(channel), str(state)], count)
    yield family


def check_seals(at: dt.datetime) -> Iterator[Finding]:
    """Entries are sealed soon after they are written."""
    # By the moment in the key (UUIDv7): ``at`` may tell of an earlier day.
    before = uuid.UUID(int=int((at - _UNSEALED_FOR).timestamp() * 1000) << 80)
    last = AuditSeal.objects.order_by("-number").first()
    waiting = AuditEntry.objects.filter(pk__lt=before)
    if last is not None:
        waiting = waiting.filter(pk__gt=last.last_id)
    count = waiting.count()
    if count:
        yield warning(
            _("有 %(count)s 条操作记录一个多小时还没有封存。") % {"count": count},
            _("看后台进程和定时进程在不在工作；都在，就运行 manage.py seal_audit。"),
        )
    else:
        yield ok(_("操作记录都按时封存了。"))


metric_sources.register("audit_seals", seal_figures)
metric_sources.register("deliveries", delivery_figures)
doctor_checks.register("audit_seals", DoctorCheck(gettext_lazy("操作记录的封存"), check_seals))
