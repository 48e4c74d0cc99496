"""Region files: towns and villages with their codes, each row judged before anything is written."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from cms.enums import RowOutcome
from cms.importing.cells import DateWidget, TextWidget, text_of
from cms.importing.findings import CellError, Finding
from cms.importing.reader import Column, Heading, SourceRow, Table
from cms.models import Region
from cms.regions import DEMO_PROVINCE, level_of, parent_code
from cms.scope import succession_rows

REGION_HEADINGS = (
    Heading(
        "code",
        "区划代码",
        ("code", "代码", "行政区划代码", "统计用区划代码", "区划编码", "编码"),
        required=True,
    ),
    Heading("name", "名称", ("name", "区划名称", "单位名称", "地区名称", "行政区划名称"), required=True),
    Heading("valid_from", "启用日期", ("valid_from", "启用")),
    Heading("valid_until", "停用日期", ("valid_until", "停用")),
    Heading("predecessor", "原代码", ("predecessor", "原区划代码", "变更前代码")),
)
_NAME = TextWidget(60)
_DAY = DateWidget()


@dataclass
class JudgedRegion:
    """A row: what it says, what stands in the table, and what is wrong with it."""

    row: int
    code: str = ""
    name: str = ""
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
    predecessor: str = ""
    known: Region | None = None
    moves: bool = False  # the succession out of ``predecessor`` is not recorded yet
    outcome: RowOutcome = RowOutcome.NEW
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_refused(self) -> bool:
        """Whether the row, and with it the file, cannot be imported."""
        return self.outcome == RowOutcome.REFUSED

    @property
    def changes(self) -> dict[str, Any]:
        """Return what the row would change of a region that is known; an empty date changes nothing."""
        if self.known is None:
            return {}
        said = {"name": self.name, "valid_from": self.valid_from, "valid_until": self.valid_until}
        return {
            name: value
            for name, value in said.items()
            if value is not None and value != getattr(self.known, name)
        }


def judge_regions(table: Table) -> list[JudgedRegion]:
    """Judge every row of a region file against itself and the table of regions: a few queries in all."""
    rows = [_read(row, table.columns) for row in table.rows]
    wanted = {row.code for row in rows} | {row.predecessor for row in rows}
    above = {upper for row in rows if row.code and (upper := parent_code(row.code))}
    known = _known(wanted | above)
    recorded = {(one.predecessor, one.successor) for one in succession_rows()}
    is_demo = Region.objects.filter(code=DEMO_PROVINCE).exists()
    times = Counter(row.code for row in rows if row.code)
    first = {row.code: row.row for row in reversed(rows)}
    in_file = {row.code for row in rows if row.code and row.name}
    for row in rows:
        row.known = known.get(row.code)
        row.moves = bool(row.predecessor) and (row.predecessor, row.code) not in recorded
        if not row.code:
            continue
        fault = _Faults(row, table.columns)
        if times[row.code] > 1:
            other = first[row.code] if first[row.code] != row.row else _next(rows, row)
            fault.add("code", "code_twice", _("这个代码在第 %(row)s 行也有，请只留一行。") % {"row": other})
        if (row.code[:2] == DEMO_PROVINCE[:2]) != is_demo:
            fault.add("code", "code_demo", _("99 开头的代码只用于演示数据，真实的地区不能和它放在一起。"))
        _judge_place(row, known, in_file, fault)
        _judge_days(row, fault)
    for row in rows:
        row.outcome = _outcome(row)
    return rows


def _known(codes: Iterable[str]) -> dict[str, Region]:
    found: dict[str, Region] = {}
    wanted = sorted(code for code in codes if code)
    for start in range(0, len(wanted), 5000):  # as many parameters as SQLite takes with room to spare
        rows = Region.objects.filter(code__in=wanted[start : start + 5000])
        found.update({region.code: region for region in rows})
    return found


class _Faults:
    """Adds findings to a row at the cell of a column."""

    def __init__(self, row: JudgedRegion, columns: dict[str, Column]) -> None:
        self.row = row
        self.columns = columns

    def add(self, name: str, code: str, message: str, *, value: str = "", suggestion: str = "") -> None:
        column = self.columns.get(name)
        self.row.findings.append(
            Finding(
                field=name,
                code=code,
                message=message,
                value=value or str(getattr(self.row, name) or ""),
                suggestion=suggestion,
                column=column.letter if column else "",
                title=column.title if column else "",
            )
        )


def _read(source: SourceRow, columns: dict[str, Column]) -> JudgedRegion:
    """Take the cells; a wrong one is a finding and stays empty."""
    row = JudgedRegion(source.number)
    fault = _Faults(row, columns)
    for name, read in _READERS.items():
        value = source.values.get(name)
        if name == "predecessor" and not text_or_raw(value):
            continue
        try:
            setattr(row, name, read(value))
        except CellError as error:
            fault.add(
                name,
                error.code,
                str(error.message),
                value=text_or_raw(value)[:60],
                suggestion=error.suggestion,
            )
    return row


def text_or_raw(value: Any) -> str:
    """Return a cell as it stands, for showing beside what is wrong with it."""
    return "" if value is None else str(value).strip()


def _code(value: Any) -> str:
    text = "".join(text_of(value).split())
    if not text:
        raise CellError("code_missing", _("没有填区划代码。"))
    if any(sign in text.upper() for sign in ("E+", ".")):
        why = _("表格软件把代码改成了科学记数，末几位丢了。")
        raise CellError("code_number", why, suggestion=_("把这一列设成文本，重新填写代码"))
    if not (text.isascii() and text.isdigit()):
        raise CellError("code_signs", _("区划代码只能是数字。"))
    if len(text) in {2, 4, 6, 9}:
        padded = text.ljust(12, "0")
        raise CellError("code_short", _("区划代码是 12 位，后面要补 0。"), suggestion=_("改成：%s") % padded)
    if len(text) != 12:
        raise CellError("code_length", _("区划代码是 12 位，这里是 %(count)s 位。") % {"count": len(text)})
    if not text.strip("0"):
        raise CellError("code_signs", _("区划代码不能全是 0。"))
    return text


def _name(value: Any) -> str:
    name = "".join(_NAME.clean(text_of(value)).split())
    if not name:
        raise CellError("name_missing", _("没有填名称。"))
    return name


_READERS: dict[str, Callable[[Any], Any]] = {
    "code": _code,
    "name": _name,
    "valid_from": _DAY.clean,
    "valid_until": _DAY.clean,
    "predecessor": _code,
}


def _next(rows: list[JudgedRegion], row: JudgedRegion) -> int:
    return next(other.row for other in rows if other.code == row.code and other.row != row.row)


def _judge_place(row: JudgedRegion, known: dict[str, Region], in_file: set[str], fault: _Faults) -> None:
    upper = parent_code(row.code)
    if upper is not None and upper not in known and upper not in in_file:
        level = level_of(upper).label
        message = _("上级（%(level)s）%(code)s 还没有，请先导入上级，或者核对代码。")
        fault.add("code", "parent_missing", message % {"level": level, "code": upper})
    if row.predecessor:
        if row.predecessor == row.code:
            fault.add("predecessor", "predecessor_same", _("原代码和区划代码一样，没有变更就不用填。"))
        elif row.predecessor not in known:
            fault.add("predecessor", "predecessor_unknown", _("没有这个原代码，请核对。"))
        elif row.valid_from is None:
            fault.add(
                "valid_from", "change_day_missing", _("填了原代码，就要填启用日期：从哪天起由原地区变过来。")
            )


def _judge_days(row: JudgedRegion, fault: _Faults) -> None:
    since = row.valid_from or (row.known.valid_from if row.known else None)
    if since and row.valid_until and row.valid_until < since:
        fault.add("valid_until", "days_order", _("停用日期不能早于启用日期。"))


def _outcome(row: JudgedRegion) -> RowOutcome:
    if row.findings:
        return RowOutcome.REFUSED
    if row.known is None:
        return RowOutcome.NEW
    return RowOutcome.DIFFERS if row.changes or row.moves else RowOutcome.SAME
