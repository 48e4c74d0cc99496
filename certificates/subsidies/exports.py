"""The export of claims, as the list shows them; what an office is sent goes in a batch (services/exports.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Set
from typing import Any

from django.utils.translation import gettext_lazy as _

from certificates.subsidies.enums import ClaimState, PaymentOutcome
from certificates.subsidies.models import Claim, Payment
from certificates.subsidies.viewsets import ClaimFilters
from cms.exporting.columns import Column, Context, Kind, labels
from cms.exporting.declarations import Export, register_exports
from cms.exporting.numbers import number_column
from courses.enums import CertificateKind, ExternalKind, SkillLevel

_VERSION = "certificate__record__course_version__"
_EITHER = {
    "occupation": (f"{_VERSION}occupation__name", "external_certificate__occupation__name"),
    "work_type": (f"{_VERSION}work_type__name", "external_certificate__work_type__name"),
    "level": (f"{_VERSION}skill_level", "external_certificate__skill_level"),
    "number": ("certificate__number", "external_certificate__number"),
    "issued_on": ("certificate__issued_on", "external_certificate__issued_on"),
    "issuer": ("certificate__organisation__name", "external_certificate__issuer"),
}


def _first(pair: tuple[Any, Any]) -> Any:
    """A claim stands on a certificate of ours or on another's: one of the two is empty."""
    return pair[1] if pair[0] is None else pair[0]


_level = labels(SkillLevel.choices)
_ours, _others = labels(CertificateKind.choices), labels(ExternalKind.choices)


def _kind(pair: tuple[Any, Any]) -> str:
    return _ours(pair[0]) if pair[0] else _others(pair[1])


_outcomes = labels(PaymentOutcome.choices)


def _payments(keys: Set[int], context: Context) -> dict[int, tuple[str, dt.date]]:
    """Return outcome and day of each claim's last attempt."""
    rows = Payment.objects.filter(claim__in=keys).order_by("recorded_at", "pk")
    return {
        claim: (outcome, day) for claim, outcome, day in rows.values_list("claim", "outcome", "happened_on")
    }


def _outcome(told: tuple[str, dt.date] | None) -> str:
    return _outcomes(told[0]) if told else ""


def _day(told: tuple[str, dt.date] | None) -> dt.date | None:
    return told[1] if told else None


CLAIMS = Export(
    slug="claims",
    title=_("补贴申领"),
    model=Claim,
    permission="certificates.export_claim",
    lists=("certificates_claim:index",),
    ordering=("-created_at", "-pk"),
    filters=ClaimFilters,
    search_fields=("number", "person__search_key"),
    sheet="补贴申领",
    columns=(
        Column("claim_number", "申领号", "number", width=22),
        Column("scheme", "补贴政策", "scheme__name", width=24),
        Column("name", "申领人", "person__legal_name", is_personal=True),
        number_column(),
        Column("phone", "联系电话", "person__phone", width=15, is_personal=True),
        Column("organisation", "申报机构", "organisation__name", width=26),
        Column("region_code", "地区代码", width=16),
        Column("occupation", "培训职业", _EITHER["occupation"], width=18, show=_first),
        Column("work_type", "工种", _EITHER["work_type"], width=14, show=_first),
        Column("level", "等级", _EITHER["level"], width=14, show=lambda pair: _level(_first(pair))),
        Column(
            "certificate_kind",
            "证书类型",
            ("certificate__kind", "external_certificate__kind"),
            width=16,
            show=_kind,
        ),
        Column("certificate_number", "证书编号", _EITHER["number"], width=24, show=_first),
        Column("issued_on", "发证日期", _EITHER["issued_on"], Kind.DATE, show=_first),
        Column("issuer", "发证机构", _EITHER["issuer"], width=26, show=_first),
        Column("employer", "就业单位", "snapshot__employer", width=26),
        Column("state", "状态", width=10, show=labels(ClaimState.choices)),
        Column("assessed", "测算金额(元)", "assessed_amount", Kind.MONEY),
        Column("approved", "核定金额(元)", "approved_amount", Kind.MONEY),
        Column("submitted_at", "提交时间", kind=Kind.MOMENT, width=17),
        Column("deadline", "申领截止日期", kind=Kind.DATE),
        Column("batch", "批次号", "batch__number", width=22),
        Column("payment", "拨付结果", "pk", width=10, lookup=_payments, show=_outcome),
        Column("paid_on", "拨付日期", "pk", Kind.DATE, lookup=_payments, show=_day),
    ),
)

register_exports(CLAIMS)
