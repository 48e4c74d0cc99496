"""What subsidies keep about somebody, and why it must stay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.subsidies.enums import LIVE_CLAIMS, ClaimState
from certificates.subsidies.models import Claim, InsuranceCheck, Payment, Recovery, RecoveryEntry
from cms.enums import DataField
from cms.models import Membership, Person
from cms.my_data import DataItem, DataSection, Fact, LegalHold, legal_holds, my_data
from cms.roles import Role
from cms.scope import territory_of

# Money that was paid is accounted for: who got it, by which document, for what.
_KEEPS = frozenset(
    {
        DataField.NAME,
        DataField.DOCUMENT,
        DataField.BIRTH,
        DataField.GROUPS,
        DataField.POSTS,
        DataField.TRAINING,
    }
)
_SETTLED = frozenset({ClaimState.PAID, ClaimState.RECOVERED})


def _claims(person: Person) -> DataSection:
    rows = Claim.objects.filter(person=person).select_related("scheme")
    items = [
        DataItem(
            str(row.scheme),
            [
                Fact("number", gettext_lazy("申领号"), row.number),
                Fact("state", gettext_lazy("状态"), row.get_state_display()),
                Fact("assessed_amount", gettext_lazy("测算金额（元）"), row.assessed_amount),
                Fact("approved_amount", gettext_lazy("核定金额（元）"), row.approved_amount),
                Fact("created_at", gettext_lazy("建立时间"), row.created_at),
                Fact("deadline", gettext_lazy("申领截止日期"), row.deadline),
            ],
        )
        for row in rows.order_by("-created_at")
    ]
    return DataSection(gettext_lazy("补贴申领"), gettext_lazy("审核、公示、拨付要用，也要经得起查。"), items)


def _payments(person: Person) -> DataSection:
    rows = Payment.objects.filter(claim__person=person).select_related("claim__scheme")
    items = [
        DataItem(
            str(row.claim.scheme),
            [
                Fact("claim", gettext_lazy("申领号"), row.claim.number),
                Fact("outcome", gettext_lazy("拨付结果"), row.get_outcome_display()),
                Fact("amount", gettext_lazy("金额（元）"), row.amount),
                Fact("happened_on", gettext_lazy("拨付日期"), row.happened_on),
                Fact("failure_reason", gettext_lazy("失败原因"), row.failure_reason),
            ],
        )
        for row in rows.order_by("-recorded_at", "-pk")
    ]
    return DataSection(gettext_lazy("补贴拨付"), gettext_lazy("公家的账要经得起查。"), items)


def _recoveries(person: Person) -> DataSection:
    rows = Recovery.objects.filter(claim__person=person).select_related("claim__scheme")
    items = []
    for row in rows.prefetch_related("entries").order_by("-opened_at", "-pk"):
        facts = [
            Fact("claim", gettext_lazy("申领号"), row.claim.number),
            Fact("reason", gettext_lazy("追回原因"), row.get_reason_display()),
            Fact("amount", gettext_lazy("应追回金额（元）"), row.amount),
            Fact("opened_at", gettext_lazy("立案时间"), row.opened_at),
        ]
        items.append(DataItem(str(row.claim.scheme), facts))
        items += [DataItem(str(line.get_kind_display()), _line(line)) for line in row.entries.all()]
    return DataSection(gettext_lazy("补贴追回"), gettext_lazy("要退回的钱退了多少，都有账。"), items)


def _line(line: RecoveryEntry) -> list[Fact]:
    return [
        Fact("happened_on", gettext_lazy("日期"), line.happened_on),
        Fact("amount", gettext_lazy("金额（元）"), line.amount),
    ]


def _insurance(person: Person) -> DataSection:
    rows = InsuranceCheck.objects.filter(person=person)
    items = [
        DataItem(
            row.source,
            [
                Fact("insured_months", gettext_lazy("累计缴费月数"), row.insured_months),
                Fact("checked_on", gettext_lazy("核查日期"), row.checked_on),
            ],
        )
        for row in rows.order_by("-checked_on")
    ]
    return DataSection(gettext_lazy("参保核查"), gettext_lazy("有的补贴要看缴了几个月。"), items)


def _holds(person: Person, on: dt.date) -> Sequence[LegalHold]:
    claims = list(Claim.objects.filter(person=person).values_list("state", "region_code"))
    states = {state for state, _region in claims}
    holds = []
    if states & (LIVE_CLAIMS - _SETTLED):
        words = _("您有补贴正在办。办完，或者撤回，才能删。")
        holds.append(LegalHold("open_claim", words, frozenset(DataField), blocks=True))
    if states & _SETTLED:
        words = _("给您拨付过补贴。公家的账要经得起查，姓名、证件和申领记录要留着。")
        holds.append(LegalHold("paid_claim", words, _KEEPS))
    if until := _audited_until({region for _state, region in claims}, on):
        words = _("审计正在查这个地方的补贴，查完以前一样都不能删。")
        holds.append(LegalHold("open_audit", words, frozenset(DataField), until=until, blocks=True))
    return holds


def _audited_until(regions: set[str], on: dt.date) -> dt.date | None:
    """Return the last day on which an auditor looks at a place where the person claimed."""
    if not regions:
        return None
    grants = Membership.objects.live(on).filter(role=Role.AUDITOR).prefetch_related("regions")
    days = [
        grant.valid_until
        for grant in grants
        if grant.valid_until
        and any(
            low <= region <= high
            for low, high in territory_of([place.code for place in grant.regions.all()], on)
            for region in regions
        )
    ]
    return max(days, default=None)


my_data.register("claims", _claims)
my_data.register("payments", _payments)
my_data.register("recoveries", _recoveries)
my_data.register("insurance_checks", _insurance)
legal_holds.register("claims", _holds)
