"""What issuing tells monitoring and the doctor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from prometheus_client.core import GaugeMetricFamily, Metric

from certificates.issuing.enums import CertificateState
from certificates.issuing.models import Certificate
from cms.operations.checks import DoctorCheck, Finding, doctor_checks, ok, warning
from cms.operations.metrics import metric_sources

# The sweep tries again each minute; what still waits after this long will not help itself.
_OVERDUE = dt.timedelta(minutes=15)


def certificate_figures(now: dt.datetime) -> Iterator[Metric]:
    """Certificates by state."""
    counted = dict(Certificate.objects.order_by().values_list("state").annotate(count=Count("pk")))
    family = GaugeMetricFamily("caravan_certificates", "Certificates.", labels=["state"])
    for state in CertificateState:
        family.add_metric([str(state)], counted.get(state, 0))
    yield family


def check_certificates(at: dt.datetime) -> Iterator[Finding]:
    """Every numbered certificate gets its file soon."""
    waiting = Certificate.objects.filter(
        state=CertificateState.NUMBERED, numbered_at__lt=at - _OVERDUE
    ).count()
    if waiting:
        yield warning(
            _("%(count)s 张证书编了号，文件一直没有做出来。") % {"count": waiting},
            _("看后台进程的日志里 certificate 一行写的原因，多半是缺字或磁盘满了。"),
        )
    else:
        yield ok(_("没有做不出来的证书。"))


metric_sources.register("certificates", certificate_figures)
doctor_checks.register("certificates", DoctorCheck(gettext_lazy("证书"), check_certificates))
