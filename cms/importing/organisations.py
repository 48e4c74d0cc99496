"""Lists of organisations: schools, employers, communities; the short code tells which one a row is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export.fields import Field
from import_export.widgets import Widget

from cms.enums import OrganisationKindCode
from cms.errors import DomainError
from cms.importing.cells import Note, PhoneWidget, TextWidget, text_of
from cms.importing.findings import NOTE, CellError
from cms.importing.kinds import ImportSetting
from cms.importing.reader import Heading, SourceRow, Table
from cms.importing.resources import CellResource, ImportedRow, repeats_of
from cms.importing.vocabulary import chinese_labels
from cms.models import Organisation
from cms.regions import require_region
from cms.services.organisations import change_organisation, create_organisation
from cms.uscc import check_uscc, normalise_uscc

ORGANISATION_HEADINGS = (
    Heading(
        "name",
        "机构名称",
        ("名称", "单位名称", "机构全称"),
        required=True,
        hint=gettext_lazy("全称，和证照上一样。"),
        example="星河县家政职业培训学校",
    ),
    Heading(
        "short_code",
        "代号",
        ("机构代号", "简码"),
        required=True,
        hint=gettext_lazy("1 到 8 个字母或数字，用在编号里；已经登记的机构按代号认。"),
        example="XH",
    ),
    Heading(
        "uscc",
        "统一社会信用代码",
        ("信用代码", "社会信用代码"),
        hint=gettext_lazy("18 位，没有的空着。"),
        example="52990101MA0DEM03XF",
    ),
    Heading(
        "region_code",
        "所在地区划代码",
        ("区划代码", "行政区划代码", "地区代码"),
        required=True,
        hint=gettext_lazy("12 位，这一列要是文本格式。"),
        example="990101000000",
    ),
    Heading(
        "kinds",
        "机构类型",
        ("类型", "单位类型"),
        required=True,
        hint=gettext_lazy("从下拉里选；有几种的，用顿号隔开。"),
        example="培训机构",
        choices=lambda: list(chinese_labels(OrganisationKindCode)),
    ),
    Heading("contact_name", "联系人", hint=gettext_lazy("有事找谁。"), example="王秀英"),
    Heading(
        "contact_phone",
        "联系电话",
        ("电话", "联系方式"),
        hint=gettext_lazy("11 位手机号，或者带区号的座机号。"),
        example="19900003943",
    ),
)
_SHORT_CODE = re.compile(r"[A-Z0-9]{1,8}")
_COMPARED = ("name", "uscc", "region_code", "contact_name", "contact_phone")


class _RequiredText(TextWidget):
    def clean(self, value: Any, row: Any = None, note: Note | None = None, **kwargs: Any) -> str:
        """Return the text; nothing is refused."""
        text = super().clean(value, row, note, **kwargs)
        if not text:
            raise CellError("cell_missing", _("这一格不能空着。"))
        return text


class _ShortCodeWidget(_RequiredText):
    def clean(self, value: Any, row: Any = None, note: Note | None = None, **kwargs: Any) -> str:
        """Return the code in capitals."""
        code = super().clean(value, row, note, **kwargs).upper()
        if not _SHORT_CODE.fullmatch(code):
            raise CellError("code_wrong", _("代号是 1 到 8 个字母或数字，例如 XH。"))
        return code


class _CheckedWidget(Widget):
    """Text that a rule of the ground judges; its refusal becomes the cell's."""

    def __init__(self, check: Callable[[str], str], *, required: bool) -> None:
        super().__init__()
        self.check = check
        self.required = required

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        """Return what the rule makes of it."""
        text = text_of(value)
        if not text:
            if self.required:
                raise CellError("cell_missing", _("这一格不能空着。"))
            return ""
        try:
            return self.check(text)
        except DomainError as error:
            raise CellError(error.code, str(error)) from error


class _KindsWidget(Widget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> tuple[str, ...]:
        """Return the kinds without repetition."""
        known = chinese_labels(OrganisationKindCode)
        words = [word for word in re.split(r"[、，,;；/]", "".join(text_of(value).split())) if word]
        if not words:
            raise CellError("kinds_missing", _("请至少选一种机构类型。"))
        if any(word not in known for word in words):
            hint = _("可以写：%s") % "、".join(known)
            raise CellError("kind_unknown", _("机构类型不在可选的词里。"), suggestion=hint)
        return tuple(sorted({str(known[word]) for word in words}))


def _region_digits(text: str) -> str:
    return "".join(text.split())


@dataclass(kw_only=True)
class OrganisationRow(ImportedRow):
    """One row of the list as values of ours; ``changes`` are the fields that a known one gets anew."""

    name: str = ""
    short_code: str = ""
    uscc: str = ""
    region_code: str = ""
    kinds: tuple[str, ...] = ()
    contact_name: str = ""
    contact_phone: str = ""
    known: Organisation | None = None
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def is_different(self) -> bool:
        """Whether a field gets a new value."""
        return bool(self.changes)

    @property
    def shown(self) -> tuple[str, str]:
        """Return name and short code."""
        return self.name, self.short_code


Repeats = dict[str, dict[int, int]]


def repeated_organisations(rows: Sequence[SourceRow]) -> Repeats:
    """Return for each column that must be unique the rows that repeat a value of it."""

    def repeats(name: str, plain: Callable[[str], str]) -> dict[int, int]:
        return repeats_of((row.number, plain(str(row.values.get(name) or "").strip())) for row in rows)

    return {
        "name": repeats("name", str),
        "short_code": repeats("short_code", str.upper),
        "uscc": repeats("uscc", normalise_uscc),
    }


class OrganisationResource(CellResource):
    """Rows of a list to organisations, by ``create_organisation`` and ``change_organisation``."""

    name = Field(attribute="name", column_name="name", widget=_RequiredText(100))
    short_code = Field(attribute="short_code", column_name="short_code", widget=_ShortCodeWidget(8))
    uscc = Field(attribute="uscc", column_name="uscc", widget=_CheckedWidget(check_uscc, required=False))
    region_code = Field(
        attribute="region_code",
        column_name="region_code",
        widget=_CheckedWidget(_region_digits, required=True),
    )
    kinds = Field(attribute="kinds", column_name="kinds", widget=_KindsWidget())
    contact_name = Field(attribute="contact_name", column_name="contact_name", widget=TextWidget(50))
    contact_phone = Field(attribute="contact_phone", column_name="contact_phone", widget=PhoneWidget())

    headings = ORGANISATION_HEADINGS

    class Meta(CellResource.Meta):
        fields = tuple(heading.field for heading in ORGANISATION_HEADINGS)

    def __init__(self, table: Table, setting: ImportSetting) -> None:
        super().__init__(table)
        self.setting = setting
        self.repeats: Repeats = setting.seen
        self.on = timezone.localdate(setting.at)
        self.regions: dict[str, DomainError | None] = {}

    def new_row(self, source: SourceRow) -> OrganisationRow:
        """Return an empty row."""
        return OrganisationRow(row=source.number, cells=source.values)

    def look_up(self, rows: Sequence[Any]) -> None:
        """Look codes, names and credit codes up at once."""
        found = Organisation.objects.prefetch_related("kinds")
        self.known = {
            one.short_code: one for one in found.filter(short_code__in=[r.short_code for r in rows])
        }
        self.taken: dict[str, dict[str, str]] = {}
        for name in ("name", "uscc"):
            values = [getattr(row, name) for row in rows if getattr(row, name)]
            taken = Organisation.objects.filter(**{f"{name}__in": values})
            self.taken[name] = dict(taken.values_list(name, "short_code"))
        for code in {row.region_code for row in rows if row.region_code} - self.regions.keys():
            try:
                require_region(code, self.on)
            except DomainError as error:
                self.regions[code] = error
            else:
                self.regions[code] = None

    def check_row(self, row: OrganisationRow) -> None:
        """Judge repetition, place, and what the register holds."""
        for name, repeats in self.repeats.items():
            if row.row in repeats:
                text = _("和第 %(row)s 行的这一格相同，请只留一行。") % {"row": repeats[row.row]}
                self.find(row, name, "cell_repeated", text)
        for name, taken in self.taken.items():
            owner = taken.get(getattr(row, name))
            if owner is not None and owner != row.short_code:
                text = _("已经登记在代号 %(code)s 的机构上，请核对。") % {"code": owner}
                self.find(row, name, "organisation_exists", text)
        row.known = self.known.get(row.short_code)
        kept = row.known is not None and row.known.region_code == row.region_code
        error = self.regions.get(row.region_code)
        if error is not None and not kept:
            self.find(row, "region_code", error.code, str(error))
        if row.known is not None and not row.is_refused:
            self._compare(row, row.known)

    def _compare(self, row: OrganisationRow, known: Organisation) -> None:
        """Say what of a known organisation changes; an empty cell changes nothing."""
        for name in _COMPARED:
            said, holds = getattr(row, name), getattr(known, name) or ""
            if said and said != holds:
                row.changes[name] = said
                text = _("登记的是“%(before)s”，导入后改成这一格。") % {"before": holds or "—"}
                self.find(row, name, "will_change", text, level=NOTE)
        if row.kinds != tuple(sorted(one.kind for one in known.kinds.all())):
            row.changes["kinds"] = row.kinds
            self.find(row, "kinds", "will_change", _("机构类型导入后改成这一格。"), level=NOTE)

    def apply_row(self, row: OrganisationRow) -> None:
        """Register the organisation, or change what differs."""
        by, at = self.setting.by, self.setting.at
        if row.known is None:
            create_organisation(
                name=row.name,
                short_code=row.short_code,
                region_code=row.region_code,
                kinds=row.kinds,
                uscc=row.uscc,
                contact_name=row.contact_name,
                contact_phone=row.contact_phone,
                by=by,
                at=at,
            )
        elif row.changes:
            facts = {**row.changes}
            change_organisation(row.known, kinds=facts.pop("kinds", row.kinds), by=by, at=at, **facts)
