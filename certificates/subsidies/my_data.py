"""What subsidies keep about somebody, and why it must stay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.subsidies.enums import LIVE_CLAIMS, ClaimState
from certificates.subsidies.models import Claim, InsuranceCheck
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
my_data.register("insurance_checks", _insurance)
legal_holds.register("claims", _holds)
