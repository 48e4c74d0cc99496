"""What this app imports, and the columns of a roster whose words it knows; registered by import."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.enums import RowOutcome
from cms.errors import DomainError
from cms.importing.cells import WordWidget, text_of
from cms.importing.findings import NOTE, CellError
from cms.importing.kinds import ImportKind, ImportSetting, import_kinds
from cms.importing.people import RosterColumn, roster_columns
from cms.importing.reader import Heading, SourceRow, Table
from cms.importing.resources import FindingsAtCells, ImportedRow
from cms.importing.vocabulary import chinese_labels
from courses.enums import CertificateKind, SkillLevel, TrainingType
from courses.importers import COLUMNS, NONE, Assessment
from courses.occupation_words import EVERYDAY_OCCUPATIONS, level_words, occupation_words
from courses.services.catalogue import LoadedCatalogue, load_catalogue

# --- courses ---------------------------------------------------------------------------------------

_SYNONYMS = {"课程编号": ("课程代码", "编号"), "课程名称": ("名称",), "学时": ("总学时",)}
_CHOICES = {
    "类型": lambda: list(chinese_labels(TrainingType)),
    "等级": lambda: [*chinese_labels(SkillLevel), NONE],
    "考核": lambda: [one.value for one in Assessment],
    "证书": lambda: list(chinese_labels(CertificateKind)),
    "大篷车": lambda: ["是", "否"],
}
_HINTS = {
    "工种": gettext_lazy("没有的写 --。"),
    "等级": gettext_lazy("没有的写 --。"),
    "学时": gettext_lazy("等于理论、实操、社区场景实训三样加起来；0.5 的倍数。"),
    "大篷车": gettext_lazy("能不能跟着大篷车下乡上课。"),
}
_EXAMPLE = ("JZ-101", "居家养老照护", "岗前", "养老护理员", "--", "--", "24", "8", "12", "4", "新上岗人员",
            "理论", "培训合格证书", "是")  # fmt: skip

COURSE_HEADINGS = tuple(
    Heading(
        title,
        title,
        _SYNONYMS.get(title, ()),
        required=True,
        hint=_HINTS.get(title, ""),
        example=example,
        choices=_CHOICES.get(title),
    )
    for title, example in zip(COLUMNS, _EXAMPLE, strict=True)
)


@dataclass(kw_only=True)
class CourseRow(ImportedRow):
    """One row of a catalogue; what it would do is found by doing it and taking it back."""

    code: str = ""
    title: str = ""
    found: RowOutcome = RowOutcome.NEW

    @property
    def outcome(self) -> RowOutcome:
        """Return what the import would do with the row."""
        return RowOutcome.REFUSED if self.is_refused else self.found

    @property
    def shown(self) -> tuple[str, str]:
        """Return title and code."""
        return self.title, self.code


class CourseResource(FindingsAtCells):
    """Rows of a catalogue to courses and their versions, by ``load_catalogue``: all of them or none."""

    headings = COURSE_HEADINGS

    def __init__(self, table: Table, setting: ImportSetting) -> None:
        super().__init__(table)
        self.setting = setting

    def judge(self, rows: Sequence[SourceRow]) -> list[CourseRow]:
        """Load the rows, note what came of each, and take everything back."""
        judged = [self._read(row) for row in rows]
        try:
            with transaction.atomic():
                loaded = self._load(judged)
                transaction.set_rollback(True)
        except DomainError as error:
            self._refuse(judged, error)
            return judged
        for row in judged:
            if row.code.upper() in loaded.unchanged:
                row.found = RowOutcome.SAME
            elif row.code.upper() in loaded.new_versions:
                row.found = RowOutcome.DIFFERS
                text = _("和现在的版本不一样，导入后建一个新版本，旧版本保留。")
                self.find(row, "课程编号", "will_change", text, level=NOTE)
        return judged

    def apply(self, rows: Sequence[CourseRow]) -> None:
        """Load the rows."""
        self._load(rows)

    def _read(self, source: SourceRow) -> CourseRow:
        row = CourseRow(row=source.number, cells=source.values)
        for name, value in source.values.items():
            try:
                text_of(value)
            except CellError as error:
                self.find(row, name, error.code, str(error))
        row.code = str(source.values.get("课程编号") or "").strip()
        row.title = str(source.values.get("课程名称") or "").strip()
        return row

    def _load(self, rows: Sequence[CourseRow]) -> LoadedCatalogue:
        texts = [{name: _text(value) for name, value in row.cells.items()} for row in rows]
        numbers = [row.row for row in rows]
        return load_catalogue(texts, numbers=numbers, by=self.setting.by, at=self.setting.at)

    def _refuse(self, rows: Sequence[CourseRow], error: DomainError) -> None:
        by_number = {row.row: row for row in rows}
        for one in getattr(error, "refusals", [error]):
            row = by_number[one.details["row"]]
            self.find(row, one.details["column"], one.code, _("%(why)s。") % {"why": one.details["why"]})


def _text(value: Any) -> str:
    try:
        return text_of(value)
    except CellError:
        return str(value)


import_kinds.register(
    "courses",
    ImportKind(
        "courses",
        label=gettext_lazy("课程表"),
        unit=gettext_lazy("门课"),
        headings=lambda: COURSE_HEADINGS,
        resource=CourseResource,
        permission="courses.add_course",
        result_url_name="course:index",
        intro=gettext_lazy("课程和学时。编号已经有、内容变了的，建一个新版本；有一行不对，整份都不写入。"),
        whole=True,
        guidance=(gettext_lazy("一行一门课，表头不要改，每一格都要填；没有的写 --。"),),
    ),
)


# --- columns of a roster ----------------------------------------------------------------------------


class _CheckedWord(WordWidget):
    """A word that is checked, with the official one for an everyday one."""

    takes_notes = True

    def __init__(self, words: Any, code: str, everyday: dict[str, str]) -> None:
        known = words()
        super().__init__(lambda: known, code)
        self.everyday = everyday

    def clean(self, value: Any, row: Any = None, note: Any = None, **kwargs: Any) -> str:
        """Return the official word; a usual other spelling is put right and said."""
        text = "".join(text_of(value).split())
        if text in self.everyday:
            official = self.everyday[text]
            raise CellError(self.code, _("不在可选的词里。"), suggestion=_("改成：%s") % official)
        official = super().clean(value, row, **kwargs)
        if note is not None and official and official != text:
            note("word_normalised", _("认作规范的写法，请对一下。"), official)
        return official

    def choices(self, known: dict[str, str]) -> Iterable[str]:
        """Return the official words, without their other spellings."""
        return dict.fromkeys(known.values())


roster_columns.register(
    "training_occupation",
    RosterColumn(
        Heading(
            "training_occupation",
            "培训职业（工种）",
            ("培训职业", "培训工种", "培训职业工种", "职业工种", "职业（工种）"),
            hint=gettext_lazy("从下拉里选。导入时只核对，报名时再选班。"),
            example="家政服务员（母婴护理员）",
            choices=lambda: list(dict.fromkeys(occupation_words().values())),
        ),
        lambda: _CheckedWord(occupation_words, "occupation_unknown", EVERYDAY_OCCUPATIONS),
    ),
)
roster_columns.register(
    "training_level",
    RosterColumn(
        Heading(
            "training_level",
            "培训等级",
            ("等级", "技能等级", "培训级别"),
            hint=gettext_lazy("从下拉里选。导入时只核对，报名时再选班。"),
            example="五级/初级工",
            choices=lambda: list(chinese_labels(SkillLevel)),
        ),
        lambda: _CheckedWord(level_words, "level_unknown", {}),
    ),
)
