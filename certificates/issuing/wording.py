"""What a certificate says: the sentences for each kind, composed from plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

NOT_A_STATE_CERTIFICATE = "不是职业技能等级证书。"


@dataclass(frozen=True)
class Phrase:
    """A piece of a sentence; ``keep`` means that no line may end inside it."""

    text: str
    keep: bool = False


@dataclass(frozen=True)
class Wording:
    """The parts of the text that depend on the kind."""

    training: str  # what was taken part in
    closing: str
    statement: str
    ending: str = ""  # said when no result is recorded


WORDINGS = {
    "培训合格证书": Wording("培训", "特发此证。", "本证书证明完成培训并考核合格，"),
    "结业证书": Wording("培训", "特发此证。", "本证书证明完成培训，", "准予结业"),
    "回炉培训证明": Wording("回炉培训", "特此证明。", "本证明只证明完成回炉培训，"),
    "学时证明": Wording("培训", "特此证明。", "本证明只证明所记学时，"),
}


def wording_for(title: str) -> Wording:
    """Return the wording of a kind; a local name is worded as 证书 or 证明 by its ending."""
    if title in WORDINGS:
        return WORDINGS[title]
    return WORDINGS["学时证明" if title.endswith("证明") else "结业证书"]


def format_date(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def format_hours(hours: Decimal | int) -> str:
    """Hours without idle zeros: 80, 7.5."""
    return f"{Decimal(hours).normalize():f}"


def period(starts_on: date, ends_on: date) -> list[Phrase]:
    """「于 2026年1月12日至3月20日」; the second year only when it differs, one day said once."""
    phrases = [Phrase(f"于 {format_date(starts_on)}", keep=True)]
    if ends_on != starts_on:
        later = format_date(ends_on)
        if ends_on.year == starts_on.year:
            later = later.removeprefix(f"{ends_on.year}年")
        phrases.append(Phrase(f"至{later}", keep=True))
    return phrases


def hours(total: Decimal | int, parts: list[tuple[str, Decimal | int]]) -> list[Phrase]:
    """「学完 80 学时（理论 24、实操 48）」; kinds without hours are left out."""
    told = [(name, count) for name, count in parts if count]
    head = f"学完 {format_hours(total)} 学时"
    if not told:
        return [Phrase(head, keep=True)]
    if len(told) == 1:
        return [Phrase(head, keep=True), Phrase(f"（均为{told[0][0]}）", keep=True)]
    pieces = [f"{name} {format_hours(count)}" for name, count in told]
    marked = [f"{piece}、" for piece in pieces[:-1]] + [f"{pieces[-1]}）"]
    return [Phrase(head, keep=True), Phrase(f"（{marked[0]}", keep=True)] + [
        Phrase(piece, keep=True) for piece in marked[1:]
    ]
