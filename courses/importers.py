"""Read a catalogue file: every wrong cell is named by row and column, nothing is half read."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from itertools import count
from pathlib import Path
from typing import TypeVar, cast

from django.db import models
from django.utils import translation
from django.utils.translation import gettext as _

from cms.errors import DomainError, Refusals
from cms.ui.figures import hours
from courses.enums import CertificateKind, SkillLevel, TrainingType

CATALOGUE_FILE = Path(__file__).resolve().parent / "data" / "catalogue.csv"
FIRST_ROW = 2  # the line after the head, as a spreadsheet counts
NONE = "--"
COLUMNS = (
    "课程编号", "课程名称", "类型", "职业", "工种", "等级", "学时", "理论", "实操", "社区场景实训",
    "目标人群", "考核", "证书", "大篷车",
)  # fmt: skip


class Assessment(Enum):
    """The column 考核."""

    THEORY = "理论"
    PRACTICE = "技能"
    BOTH = "理论+技能"
    NEITHER = NONE


@dataclass(frozen=True)
class CatalogueRow:
    """One line of the file; names are still names, hours are checked to add up."""

    row: int
    code: str
    title: str
    training_type: TrainingType
    occupation: str
    work_type: str | None
    skill_level: SkillLevel | None
    total_hours: Decimal
    theory_hours: Decimal
    practice_hours: Decimal
    community_hours: Decimal
    audience: str
    assessment: Assessment
    certificate_kind: CertificateKind
    is_on_caravan: bool


def read_catalogue(path: Path = CATALOGUE_FILE) -> list[dict[str, str]]:
    """Return the lines of a UTF-8 CSV file, with or without a byte-order mark."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def parse_catalogue(
    rows: Iterable[Mapping[str, str]], numbers: Iterable[int] | None = None
) -> list[CatalogueRow]:
    """Return the rows as facts; raise ``Refusals`` naming every wrong cell (``row``, ``column``, ``why``).

    ``numbers`` are the rows' numbers as the reader sees them; by default the first is 2.

    Codes: ``cell_missing``, ``cell_unknown``, ``cell_number``, ``cell_long``, ``hours_do_not_add_up``,
    ``hours_missing``, ``code_twice``.
    """
    parsed: list[CatalogueRow] = []
    refusals: list[DomainError] = []
    first_seen: dict[str, int] = {}
    for number, raw in zip(count(FIRST_ROW) if numbers is None else numbers, rows, strict=False):
        cells = _Cells(number, raw)
        row = _parse(cells)
        if row is not None and (earlier := first_seen.setdefault(row.code, number)) != number:
            cells.refuse("code_twice", "课程编号", _("和第 %(row)s 行的编号一样") % {"row": earlier})
        refusals += cells.refusals
        if row is not None:
            parsed.append(row)
    if refusals:
        raise Refusals(refusals)
    return parsed


Choice = TypeVar("Choice", bound=models.TextChoices | models.IntegerChoices)


class _Cells:
    """The cells of one row, and what is wrong with them."""

    def __init__(self, row: int, raw: Mapping[str, str]) -> None:
        self.row = row
        self._raw = raw
        self.refusals: list[DomainError] = []

    def refuse(self, code: str, column: str, why: str) -> None:
        words = {
            "row": self.row,
            "column": column,
            "why": why,
            "value": (self._raw.get(column) or "").strip(),
        }
        text = _("第 %(row)s 行“%(column)s”：%(why)s。您填的是“%(value)s”。") % words
        self.refusals.append(DomainError(code, text, row=self.row, column=column, why=why))

    def text(self, column: str, longest: int = 200) -> str:
        value = (self._raw.get(column) or "").strip()
        if not value:
            self.refuse("cell_missing", column, _("不能空着"))
        elif len(value) > longest:
            self.refuse("cell_long", column, _("最多 %(longest)s 个字") % {"longest": longest})
        return value

    def optional(self, column: str) -> str | None:
        value = self.text(column, 60)
        return None if value == NONE else value

    def hours(self, column: str) -> Decimal:
        value = self.text(column)
        try:
            number = Decimal(value or "0")
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or number < 0 or number % Decimal("0.5"):
            self.refuse("cell_number", column, _("要填 0 或 0.5 的倍数"))
            return Decimal(0)
        return number

    def choice(self, column: str, choices: type[Choice]) -> Choice | None:
        value = self.text(column)
        for one in choices.__members__.values():
            # Files speak Chinese whatever language the page is read in.
            if value == _chinese(one):
                return cast(Choice, one)
        if value:
            known = "、".join(_chinese(one) for one in choices)
            self.refuse("cell_unknown", column, _("只能填 %(known)s") % {"known": known})
        return None


def _chinese(choice: models.TextChoices | models.IntegerChoices) -> str:
    with translation.override("zh-hans"):
        return str(choice.label)


def _parse(cells: _Cells) -> CatalogueRow | None:
    """Return the row, or ``None`` when a cell of it is wrong."""
    level_text = cells.text("等级")
    assessments = {one.value: one for one in Assessment}
    caravan = {"是": True, "否": False}
    for column, known in (("考核", list(assessments)), ("大篷车", list(caravan))):
        if (value := cells.text(column)) and value not in known:
            cells.refuse("cell_unknown", column, _("只能填 %(known)s") % {"known": "、".join(known)})
    training_type = cells.choice("类型", TrainingType)
    certificate_kind = cells.choice("证书", CertificateKind)
    skill_level = None if level_text in {"", NONE} else cells.choice("等级", SkillLevel)
    total, *parts = _hours(cells)
    facts = (
        cells.text("课程编号", 20),
        cells.text("课程名称", 120),
        cells.text("职业", 60),
        cells.text("目标人群"),
    )
    work_type = cells.optional("工种")
    if cells.refusals or training_type is None or certificate_kind is None:
        return None
    code, title, occupation, audience = facts
    return CatalogueRow(
        row=cells.row,
        code=code.upper(),
        title=title,
        training_type=training_type,
        occupation=occupation,
        work_type=work_type,
        skill_level=skill_level,
        total_hours=total,
        theory_hours=parts[0],
        practice_hours=parts[1],
        community_hours=parts[2],
        audience=audience,
        assessment=assessments[cells.text("考核")],
        certificate_kind=certificate_kind,
        is_on_caravan=caravan[cells.text("大篷车")],
    )


def _hours(cells: _Cells) -> list[Decimal]:
    """Return total, theory, practice and community hours; refuse those that do not add up."""
    before = len(cells.refusals)
    total, *parts = [cells.hours(column) for column in ("学时", "理论", "实操", "社区场景实训")]
    if len(cells.refusals) == before and total != sum(parts):
        cells.refuse(
            "hours_do_not_add_up", "学时", _("三样学时加起来是 %(sum)s") % {"sum": hours(sum(parts))}
        )
    elif len(cells.refusals) == before and not total:
        cells.refuse("hours_missing", "学时", _("要大于 0"))
    return [total, *parts]
