"""Region files: towns and villages with their codes, each row judged before anything is written."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.importing.cells import DateWidget, TextWidget, text_of
from cms.importing.findings import NOTE, CellError
from cms.importing.kinds import ImportSetting
from cms.importing.reader import Heading, SourceRow, Table
from cms.importing.resources import FindingsAtCells, ImportedRow
from cms.models import Region
from cms.regions import DEMO_PROVINCE, level_of, parent_code
from cms.scope import succession_rows

REGION_HEADINGS = (
    Heading(
        "code",
        "区划代码",
        ("code", "代码", "行政区划代码", "统计用区划代码", "区划编码", "编码"),
        required=True,
        hint=gettext_lazy("12 位，这一列要是文本格式。上级要先有，或者在同一份文件里。"),
        example="990101101201",
    ),
    Heading(
        "name",
        "名称",
        ("name", "区划名称", "单位名称", "地区名称", "行政区划名称"),
        required=True,
        hint=gettext_lazy("乡镇、街道、村或社区的名称。"),
        example="红旗村",
    ),
    Heading(
        "valid_from",
        "启用日期",
        ("valid_from", "启用"),
        hint=gettext_lazy("空着的，跟上级一样。"),
        example="2026-07-01",
    ),
    Heading("valid_until", "停用日期", ("valid_until", "停用"), hint=gettext_lazy("还在用的空着。")),
    Heading(
        "predecessor",
        "原代码",
        ("predecessor", "原区划代码", "变更前代码"),
        hint=gettext_lazy("由别的代码变过来的，填原来的代码；启用日期就是变更生效的那天。"),
    ),
)
_NAME = TextWidget(60)
_DAY = DateWidget()


@dataclass(kw_only=True)
class JudgedRegion(ImportedRow):
    """A row: what it says, what stands in the table, and what is wrong with it."""

    code: str = ""
    name: str = ""
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
    predecessor: str = ""
    known: Region | None = None
    moves: bool = False  # the succession out of ``predecessor`` is not recorded yet

    @property
    def is_different(self) -> bool:
        """Whether the row changes the table or the successions."""
        return bool(self.changes or self.moves)

    @property
    def shown(self) -> tuple[str, str]:
        """Return name and code."""
        return self.name, self.code

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


class RegionResource(FindingsAtCells):
    """Rows of a region file, judged against each other and the table of regions: a few queries in all."""

    headings = REGION_HEADINGS

    def __init__(self, table: Table, setting: ImportSetting) -> None:
        super().__init__(table)
        self.setting = setting

    def judge(self, rows: Sequence[SourceRow]) -> list[JudgedRegion]:
        """Return every row as judged; ``rows`` are all of the file."""
        judged = [self._read(row) for row in rows]
        wanted = {row.code for row in judged} | {row.predecessor for row in judged}
        above = {upper for row in judged if row.code and (upper := parent_code(row.code))}
        self.known = _known(wanted | above)
        self.in_file = {row.code for row in judged if row.code and row.name}
        self.is_demo = Region.objects.filter(code=DEMO_PROVINCE).exists()
        recorded = {(one.predecessor, one.successor) for one in succession_rows()}
        for row in judged:
            row.known = self.known.get(row.code)
            row.moves = bool(row.predecessor) and (row.predecessor, row.code) not in recorded
        self._find_repeats(judged)
        for row in judged:
            if row.code:
                self._judge_place(row)
                self._judge_days(row)
            self._say_changes(row)
        return judged

    def apply(self, rows: Sequence[JudgedRegion]) -> None:
        """Write the regions, their changes and what was renumbered."""
        from cms.services.regions import write_regions

        setting = self.setting
        write_regions(rows, source=setting.source, document=setting.document, by=setting.by, at=setting.at)

    def _find_repeats(self, rows: Sequence[JudgedRegion]) -> None:
        times = Counter(row.code for row in rows if row.code)
        first = {row.code: row.row for row in reversed(rows)}
        for row in rows:
            if times[row.code] > 1:
                other = first[row.code] if first[row.code] != row.row else _next(rows, row)
                text = _("这个代码在第 %(row)s 行也有，请只留一行。") % {"row": other}
                self.find(row, "code", "code_twice", text)

    def _read(self, source: SourceRow) -> JudgedRegion:
        """Take the cells; a wrong one is a finding and stays empty."""
        row = JudgedRegion(row=source.number, cells=source.values)
        for name, read in _READERS.items():
            value = source.values.get(name)
            if name == "predecessor" and value is None:
                continue
            try:
                setattr(row, name, read(value))
            except CellError as error:
                self.find(row, name, error.code, str(error), suggestion=error.suggestion)
        return row

    def _judge_place(self, row: JudgedRegion) -> None:
        if (row.code[:2] == DEMO_PROVINCE[:2]) != self.is_demo:
            text = _("99 开头的代码只用于演示数据，真实的地区不能和它放在一起。")
            self.find(row, "code", "code_demo", text)
        upper = parent_code(row.code)
        if upper is not None and upper not in self.known and upper not in self.in_file:
            message = _("上级（%(level)s）%(code)s 还没有，请先导入上级，或者核对代码。")
            self.find(
                row, "code", "parent_missing", message % {"level": level_of(upper).label, "code": upper}
            )
        if row.predecessor == row.code:
            text = _("原代码和区划代码一样，没有变更就不用填。")
            self.find(row, "predecessor", "predecessor_same", text)
        elif row.predecessor and row.predecessor not in self.known:
            self.find(row, "predecessor", "predecessor_unknown", _("没有这个原代码，请核对。"))
        elif row.predecessor and row.valid_from is None:
            text = _("填了原代码，就要填启用日期：从哪天起由原地区变过来。")
            self.find(row, "valid_from", "change_day_missing", text)

    def _judge_days(self, row: JudgedRegion) -> None:
        since = row.valid_from or (row.known.valid_from if row.known else None)
        if since and row.valid_until and row.valid_until < since:
            self.find(row, "valid_until", "days_order", _("停用日期不能早于启用日期。"))

    def _say_changes(self, row: JudgedRegion) -> None:
        """Say what of a known region a good row changes, and where a renumbered one comes from."""
        if row.is_refused:
            return
        for name in row.changes:
            before = getattr(row.known, name)
            text = _("登记的是“%(before)s”，导入后改成这一格。") % {"before": before or "—"}
            self.find(row, name, "will_change", text, level=NOTE)
        if row.moves:
            text = _("从启用日期起，由原代码的地区变更而来。")
            self.find(row, "predecessor", "will_succeed", text, level=NOTE)


def _known(codes: Iterable[str]) -> dict[str, Region]:
    found: dict[str, Region] = {}
    wanted = sorted(code for code in codes if code)
    for start in range(0, len(wanted), 5000):  # as many parameters as SQLite takes with room to spare
        rows = Region.objects.filter(code__in=wanted[start : start + 5000])
        found.update({region.code: region for region in rows})
    return found


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


def _next(rows: Sequence[JudgedRegion], row: JudgedRegion) -> int:
    return next(other.row for other in rows if other.code == row.code and other.row != row.row)
