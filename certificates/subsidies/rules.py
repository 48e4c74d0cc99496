"""The rules of a scheme, one function each: yes, no or no data, and why, in words.

Every rule is evaluated; a scheme that does not ask a question has no answer to it (``None``).
Sources: domain §2.1 and §2.2; the figures are the scheme's data.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _

from certificates.subsidies.enums import Outcome, RateUnit
from certificates.subsidies.facts import ClaimFacts, EarlierClaim, RateFact, SchemeFact
from cms.dates import add_months, age_on
from cms.enums import Sex
from cms.ui.dates import full_date

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class RuleOutcome:
    """What one rule says."""

    code: str
    title: str
    outcome: Outcome
    explanation: str


Rule = Callable[[ClaimFacts, SchemeFact, dt.date], RuleOutcome | None]


def claim_deadline(issued_on: dt.date, months: int) -> dt.date:
    """Return the last day to claim: same calendar day, inclusive; 29 February becomes the 28th."""
    return add_months(issued_on, months)


def _yes_or_no(holds: bool) -> Outcome:
    return Outcome.YES if holds else Outcome.NO


def in_force(facts: ClaimFacts, scheme: SchemeFact, on: dt.date) -> RuleOutcome:
    """The scheme holds on the day of the claim."""
    holds = scheme.valid_from <= on and (scheme.valid_until is None or on <= scheme.valid_until)
    if holds:
        text = _("政策自%(start)s起施行，在有效期内。") % {"start": full_date(scheme.valid_from)}
    elif on < scheme.valid_from:
        text = _("政策%(start)s才开始施行。") % {"start": full_date(scheme.valid_from)}
    else:
        text = _("政策到%(end)s为止，已经停止受理。") % {"end": full_date(scheme.valid_until)}
    return RuleOutcome("in_force", _("政策有效期"), _yes_or_no(holds), text)


def certificate_fits(facts: ClaimFacts, scheme: SchemeFact, on: dt.date) -> RuleOutcome:
    """The certificate is of the kind the scheme asks for and has not been revoked."""
    proof = facts.proof
    wanted = scheme.certificate_kind if proof.is_ours else scheme.external_kind
    words = {"kind": proof.kind_label, "number": proof.number}
    title = _("证书种类和效力")
    if proof.kind != wanted:
        return RuleOutcome(
            "certificate_kind", title, Outcome.NO, _("%(kind)s不是这项政策认可的证书。") % words
        )
    if proof.revoked_on is not None and proof.revoked_on <= on:
        return RuleOutcome("certificate_kind", title, Outcome.NO, _("证书 %(number)s 已撤销。") % words)
    if not proof.is_issued or on < proof.issued_on:
        return RuleOutcome("certificate_kind", title, Outcome.NO, _("证书 %(number)s 还没有签发。") % words)
    return RuleOutcome("certificate_kind", title, Outcome.YES, _("%(kind)s %(number)s 有效。") % words)


def in_register(facts: ClaimFacts, scheme: SchemeFact, on: dt.date) -> RuleOutcome | None:
    """The certificate was found in the national register."""
    if not scheme.needs_register_check:
        return None
    title, found, day = _("全国联网查询"), facts.proof.is_in_register, facts.proof.register_checked_on
    if found is None or day is None or on < day:
        return RuleOutcome("register", title, Outcome.NO_DATA, _("还没有到全国证书查询系统核对。"))
    text = _("全国证书查询系统查得到。") if found else _("全国证书查询系统查不到这张证书。")
    return RuleOutcome("register", title, _yes_or_no(found), text)


def in_group(facts: ClaimFacts, scheme: SchemeFact, on: dt.date) -> RuleOutcome | None:
    """The person belonged, verified, to a group of the scheme on the certificate's day."""
    if not scheme.groups:
        return None
    wanted, title = dict(scheme.groups), _("人员类别")
    day = facts.proof.issued_on
    held = [
        item
        for item in facts.groups
        if item.group in wanted
        and item.valid_from <= day
        and (item.valid_until is None or day <= item.valid_until)
    ]
    verified = [item for item in held if item.checked_on is not None and item.checked_on <= on]
    if verified:
        return RuleOutcome(
            "group", title, Outcome.YES, _("%(group)s，已核验。") % {"group": verified[0].label}
        )
    if held:
        return RuleOutcome(
            "group", title, Outcome.NO_DATA, _("登记为%(group)s，还没有核验。") % {"group": held[0].label}
        )
    names = _("、").join(wanted.values())
    return RuleOutcome("group", title, Outcome.NO, _("不属于政策对象（%(groups)s）。") % {"groups": names})


def of_age(facts: ClaimFacts, scheme: SchemeFact, on: dt.date) -> RuleOutcome | None:
    """The person was of the scheme's age on the certificate's day, counted to the day."""
    oldest = scheme.max_age_men if facts.sex == Sex.MALE else scheme.max_age_women
    if scheme.min_age is None and oldest is None:
        return None
    title = _("年龄")
    if facts.birth_date is None:
        return RuleOutcome("age", title, Outcome.NO_DATA, _("没有出生日期，要核对证件。"))
    if not facts.sex and scheme.max_age_men != scheme.max_age_women:
        return RuleOutcome("age", title, Outcome.NO_DATA, _("没有登记性别，要核对证件。"))
    age = age_on(facts.birth_date, facts.proof.issued_on)
    holds = (scheme.min_age is None or age >= scheme.min_age) and (oldest is None or age <= oldest)
    words = {"age": age, "low": scheme.min_age, "high": oldest}
    if oldest is None:
        text = _("发证时 %(age)s 岁，政策要求满 %(low)s 岁。") % words
    elif scheme.min_age is None:
        text = _("发证时 %(age)s 岁，政策要求不超过 %(high)s 岁。") % words
    else:
        text = _("发证时 %(age)s 岁，政策要求 %(low)s—%(high)s 岁。") % words
    return RuleOutcome("age", title, _yes_or_no(holds), text)


def enough_hours(facts: ClaimFacts, scheme: SchemeFact, on: dt.date) -> RuleOutcome | None:
    """Enough 学时 were attended."""
    if scheme.min_attended_hours is None:
        return None
    title, attended = _("出勤学时"), facts.proof.attended_hours
    if attended is None:
        return RuleOutcome("hours", title, Outcome.NO_DATA, _("没有出勤学时记录。"))
    words = {"attended": _figure(attended), "needed": _figure(scheme.min_attended_hours)}
    holds = attended >= scheme.min_attended_hours
    return RuleOutcome(
        "hours", title, _yes_or_no(holds), _("出勤 %(attended)s 学时，政策要求至少 %(needed)s 学时。") % words
    )


def enough_attendance(facts: ClaimFacts, scheme: SchemeFact, on: dt.date) -> RuleOutcome | None:
    """The attended share of the course's hours is high enough; the boundary counts."""
    if scheme.min_attendance_percent is None:
        return None
    title, attended, total = _("出勤率"), facts.proof.attended_hours, facts.proof.course_hours
    if attended is None or not total:
        return RuleOutcome("attendance", title, Outcome.NO_DATA, _("没有出勤记录。"))
    holds = attended * 100 >= scheme.min_attendance_percent * total
    words = {
        "share": _figure((attended * 100 / total).quantize(Decimal("0.1"))),
        "needed": scheme.min_attendance_percent,
    }
    return RuleOutcome(
        "attendance", title, _yes_or_no(holds), _("出勤率 %(share)s%%，政策要求至少 %(needed)s%%。") % words
    )


def insured_long_enough(facts: ClaimFacts, scheme: SchemeFact, on: dt.date) -> RuleOutcome | None:
    """Enough months of unemployment insurance were paid; unknown is no answer, never 0."""
    if scheme.min_insured_months is None:
        return None
    title = _("失业保险缴费月数")
    answer = max(
        (row for row in facts.insurance if row.checked_on <= on), key=lambda row: row.checked_on, default=None
    )
    if answer is None:
        return RuleOutcome(
            "insured", title, Outcome.NO_DATA,
            _("还没有参保记录，政策要求累计 %(needed)s 个月，请问参保地窗口。") % {"needed": scheme.min_insured_months},
        )  # fmt: skip
    words = {
        "months": answer.months,
        "needed": scheme.min_insured_months,
        "day": full_date(answer.checked_on),
    }
    return RuleOutcome(
        "insured", title, _yes_or_no(answer.months >= scheme.min_insured_months),
        _("%(day)s核查，累计 %(months)s 个月，政策要求 %(needed)s 个月。") % words,
    )  # fmt: skip


def in_time(facts: ClaimFacts, scheme: SchemeFact, on: dt.date) -> RuleOutcome:
    """The claim comes before the deadline (inclusive)."""
    last = claim_deadline(facts.proof.issued_on, scheme.claim_window_months)
    if on <= last:
        text = _("最晚 %(last)s，还有 %(days)s 天。") % {"last": full_date(last), "days": (last - on).days}
    else:
        text = _("最晚 %(last)s，已经过期，不能补。") % {"last": full_date(last)}
    return RuleOutcome("in_time", _("申领期限"), _yes_or_no(on <= last), text)


def under_yearly_limit(facts: ClaimFacts, scheme: SchemeFact, on: dt.date) -> RuleOutcome | None:
    """Not more claims of this type in the calendar year than the scheme allows."""
    if scheme.max_claims_a_year is None:
        return None
    used = sum(
        1
        for item in _earlier(facts, on)
        if item.scheme_type == scheme.scheme_type and item.submitted_on.year == on.year
    )
    words = {"used": used, "limit": scheme.max_claims_a_year, "year": on.year}
    return RuleOutcome(
        "yearly_limit", _("每年次数"), _yes_or_no(used < scheme.max_claims_a_year),
        _("%(year)s 年已申领 %(used)s 次，每年最多 %(limit)s 次。") % words,
    )  # fmt: skip


def first_of_its_kind(facts: ClaimFacts, scheme: SchemeFact, on: dt.date) -> RuleOutcome | None:
    """The same occupation and level is paid for once, in any region."""
    if not scheme.once_per_occupation_level:
        return None
    title, same = _("同一职业同一等级只领一次"), _same_level(facts, on)
    if same is None:
        return RuleOutcome("once", title, Outcome.YES, _("没有领过同一职业同一等级的补贴。"))
    return RuleOutcome(
        "once",
        title,
        Outcome.NO,
        _("已凭 %(number)s 申领过同一职业同一等级的补贴。") % {"number": same.proof_number},
    )


def _same_level(facts: ClaimFacts, on: dt.date) -> EarlierClaim | None:
    proof = facts.proof
    key = (proof.occupation_id, proof.work_type_id, proof.skill_level)
    return next(
        (
            item
            for item in _earlier(facts, on)
            if (item.occupation_id, item.work_type_id, item.skill_level) == key
        ),
        None,
    )


def _earlier(facts: ClaimFacts, on: dt.date) -> list[EarlierClaim]:
    """Claims made by that day; an answer for a past day knows no later ones."""
    return [item for item in facts.earlier if item.submitted_on <= on]


def has_rate(facts: ClaimFacts, scheme: SchemeFact, on: dt.date) -> RuleOutcome:
    """The scheme gives an amount for this occupation and level; a hole is an error, never 0.

    A rate whose amount cannot be worked out from what is known is no yes.
    """
    rate = rate_of(facts, scheme)
    if rate is None:
        text = _("政策没有这个职业（等级）的补贴标准，要先补上标准。")
        return RuleOutcome("rate", _("补贴标准"), Outcome.NO_DATA, text)
    words = {"amount": f"{rate.amount:.2f}", "unit": rate.unit.label}
    if amount_of(facts, scheme) is not None:
        return RuleOutcome("rate", _("补贴标准"), Outcome.YES, _("%(amount)s %(unit)s。") % words)
    if rate.unit == RateUnit.PER_DAY:
        text = _("标准是 %(amount)s %(unit)s，按天计，还没有核定的天数，金额算不出来。") % words
    else:
        text = _("标准是 %(amount)s %(unit)s，没有出勤学时记录，金额算不出来。") % words
    return RuleOutcome("rate", _("补贴标准"), Outcome.NO_DATA, text)


def amount_of(facts: ClaimFacts, scheme: SchemeFact) -> Decimal | None:
    """Return the amount in 元, or None without a rate or where the counted hours or days are unknown."""
    rate = rate_of(facts, scheme)
    if rate is None:
        return None
    if rate.unit == RateUnit.PER_PERSON:
        amount = rate.amount
    elif rate.unit == RateUnit.PER_HOUR and facts.proof.attended_hours is not None:
        amount = rate.amount * facts.proof.attended_hours
    else:
        return None
    if rate.cap is not None:
        amount = min(amount, rate.cap)
    return amount.quantize(_CENT, ROUND_HALF_UP)


def rate_of(facts: ClaimFacts, scheme: SchemeFact) -> RateFact | None:
    """Return the most exact rate: occupation and level before occupation before level before any."""
    proof = facts.proof
    fitting = [
        rate
        for rate in scheme.rates
        if rate.occupation_id in (None, proof.occupation_id) and rate.skill_level in (None, proof.skill_level)
    ]
    return max(
        fitting,
        key=lambda rate: (rate.occupation_id is not None, rate.skill_level is not None),
        default=None,
    )


def _figure(value: Decimal) -> str:
    return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"


RULES: tuple[Rule, ...] = (
    in_force,
    certificate_fits,
    in_register,
    in_time,
    in_group,
    of_age,
    enough_hours,
    enough_attendance,
    insured_long_enough,
    under_yearly_limit,
    first_of_its_kind,
    has_rate,
)
