"""The roster of people: its columns, its checks and what becomes of a row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export.fields import Field

from cms.dates import age_on
from cms.documents import DocumentKey, Identity, check_identity, find_people
from cms.enums import AffiliationKind, Education, IdType, PersonGroup, Sex
from cms.errors import DomainError, Refusals
from cms.identity import guess_id_type, mask_number, normalise_number
from cms.importing.cells import (
    DateWidget,
    EthnicityWidget,
    GroupsWidget,
    NameWidget,
    NumberWidget,
    PhoneWidget,
    TextWidget,
    WordWidget,
    education_widget,
    sex_widget,
)
from cms.importing.findings import NOTE
from cms.importing.kinds import ImportSetting
from cms.importing.reader import Heading, SourceRow, Table
from cms.importing.resources import CellReader, CellResource, ImportedRow, repeats_of
from cms.importing.vocabulary import ETHNIC_GROUPS, chinese_labels
from cms.models import Person
from cms.regions import RegionResolver
from cms.registry import Registry
from cms.services.people import differing_fields, former_names_of, person_facts
from cms.services.registering import Registration, register_people

# The columns of 职业培训补贴花名册 that say who somebody is (domain §2.3). Other apps add theirs in
# ``roster_columns``; what nobody reads is named on the preview as not imported.
ROSTER_HEADINGS = (
    Heading(
        "legal_name",
        "姓名",
        ("学员姓名", "名字"),
        required=True,
        hint=gettext_lazy("和身份证上一样，最多 50 个字。少数民族姓名中间用“·”。"),
        example="王秀英",
    ),
    Heading(
        "sex",
        "性别",
        hint=gettext_lazy("可以不填，按证件号码登记；填了就要和号码一致。"),
        example="女",
        choices=lambda: list(chinese_labels(Sex)),
    ),
    Heading(
        "ethnicity",
        "民族",
        hint=gettext_lazy("56 个民族之一。"),
        example="汉族",
        choices=lambda: sorted(ETHNIC_GROUPS),
    ),
    Heading(
        "birth_date",
        "出生日期",
        ("出生年月日", "生日"),
        hint=gettext_lazy("写成 1998-02-12 这样。证件是护照的必须填。"),
        example="1973-04-15",
    ),
    Heading(
        "number",
        "公民身份号码",
        ("身份证号", "身份证号码", "公民身份证号码", "证件号码", "证件号", "身份证"),
        required=True,
        hint=gettext_lazy("18 位，这一列要是文本格式。也可以填居住证、永久居留身份证或护照的号码。"),
        example="99999919730415122X",
    ),
    Heading(
        "education",
        "文化程度",
        ("学历", "最高学历"),
        hint=gettext_lazy("从下拉里选。"),
        example="初中",
        choices=lambda: list(chinese_labels(Education)),
    ),
    Heading(
        "address",
        "户籍地址",
        ("户籍所在地", "家庭住址", "住址", "户口所在地"),
        hint=gettext_lazy("写到村或社区，才认得出户籍地区划。"),
        example="示范省示范市星河县青山乡红旗村",
    ),
    Heading(
        "groups",
        "人员类别",
        ("人员类型", "学员类别", "培训对象类别"),
        hint=gettext_lazy("从下拉里选；有几类的，用顿号隔开。"),
        example="农村转移就业劳动者",
        choices=lambda: list(chinese_labels(PersonGroup)),
    ),
    Heading(
        "proof_number",
        "类别证明编号",
        ("证明编号", "证明材料编号", "就业创业证号"),
        hint=gettext_lazy("证明人员类别的材料编号。"),
        example="ZM1171979",
    ),
    Heading(
        "phone",
        "联系电话",
        ("电话", "手机", "手机号", "手机号码", "联系方式"),
        hint=gettext_lazy("11 位手机号，或者带区号的座机号。一家人可以填同一个。"),
        example="19900003943",
    ),
    Heading(
        "remark",
        "备注",
        ("说明", "备注说明"),
        hint=gettext_lazy("本机构和当地主管部门看得到，最多 200 个字。"),
    ),
)


@dataclass(frozen=True)
class RosterColumn:
    """A column that another app reads: its values are checked against what that app knows.

    ``widget`` makes a fresh widget for each chunk, so that it may ask the database once.
    """

    heading: Heading
    widget: Callable[[], WordWidget]


# "training_occupation", "training_level": registered by the apps that know these words.
roster_columns: Registry[RosterColumn] = Registry("roster_columns")


def roster_headings() -> tuple[Heading, ...]:
    """Return every column of a roster that is read."""
    *ours, remark = ROSTER_HEADINGS
    return (*ours, *(column.heading for column in roster_columns), remark)


# From here on many subsidies stop (statutory retirement age is between 50 and 63): only worth a look.
_ASK_ABOUT_PENSION = 60


@dataclass(kw_only=True)
class RosterPerson(ImportedRow):
    """One row of a roster as values of ours."""

    legal_name: str = ""
    sex: str = ""
    ethnicity: str = ""
    birth_date: dt.date | None = None
    number: str = ""
    id_type: str = str(IdType.CITIZEN_ID)
    education: str = ""
    address: str = ""
    home_region_code: str = ""
    groups: tuple[str, ...] = ()
    proof_number: str = ""
    phone: str = ""
    remark: str = ""
    # Once name, number, sex and birth date agree.
    identity: Identity | None = None
    known: Person | None = None
    differs: bool = False

    @property
    def key(self) -> DocumentKey:
        """Return kind and number of the document, as the register is asked for them."""
        return self.id_type, self.number

    @property
    def is_different(self) -> bool:
        """Whether the register holds another value; it is not told which, and nothing is overwritten."""
        return self.differs

    @property
    def shown(self) -> tuple[str, str]:
        """Return the name and the number with its first and last character only."""
        return self.legal_name, mask_number(self.number)


def repeated_numbers(rows: Sequence[SourceRow]) -> dict[int, int]:
    """Return row number to the other row with the same document number, for every row of such a pair."""
    return repeats_of((row.number, _number_of(row)) for row in rows)


def _number_of(row: SourceRow) -> str:
    try:
        return normalise_number(row.values.get("number"))
    except DomainError:
        return ""


class PersonRosterResource(CellResource):
    """Rows of a roster to people of the register, by ``register_people``."""

    legal_name = Field(attribute="legal_name", column_name="legal_name", widget=NameWidget())
    sex = Field(attribute="sex", column_name="sex", widget=sex_widget)
    ethnicity = Field(attribute="ethnicity", column_name="ethnicity", widget=EthnicityWidget())
    birth_date = Field(attribute="birth_date", column_name="birth_date", widget=DateWidget())
    number = Field(attribute="number", column_name="number", widget=NumberWidget())
    education = Field(attribute="education", column_name="education", widget=education_widget)
    address = Field(attribute="address", column_name="address", widget=TextWidget(200))
    groups = Field(attribute="groups", column_name="groups", widget=GroupsWidget())
    proof_number = Field(attribute="proof_number", column_name="proof_number", widget=TextWidget(60))
    phone = Field(attribute="phone", column_name="phone", widget=PhoneWidget())
    remark = Field(attribute="remark", column_name="remark", widget=TextWidget(200))

    class Meta(CellResource.Meta):
        fields = tuple(heading.field for heading in ROSTER_HEADINGS)

    def __init__(self, table: Table, setting: ImportSetting) -> None:
        super().__init__(table)
        if setting.organisation is None:
            raise ValueError("a roster belongs to an organisation")
        self.headings = roster_headings()
        self.organisation = setting.organisation
        self.repeats: dict[int, int] = setting.seen
        self.setting = setting
        self.on = timezone.localdate(setting.at)
        self.places = RegionResolver(self.organisation.region_code)
        for name, column in roster_columns.items():
            if name in table.columns:
                self._readers.append(CellReader(name, column.widget()))

    def new_row(self, source: SourceRow) -> RosterPerson:
        """Return an empty row."""
        return RosterPerson(row=source.number, cells=source.values)

    def look_up(self, rows: Sequence[ImportedRow]) -> None:
        """Look all numbers up at once, and the former names of who is known under another name."""
        wanted = [row for row in rows if isinstance(row, RosterPerson) and row.number]
        for row in wanted:
            row.id_type = str(guess_id_type(row.number))
        self.known = find_people([row.key for row in wanted])
        renamed = [
            person.pk
            for row in wanted
            if (person := self.known.get(row.key)) and person.legal_name != row.legal_name
        ]
        self.former = former_names_of(renamed)

    def check_row(self, row: RosterPerson) -> None:
        """Judge number, sex and birth date against each other, repetition, place and the register."""
        if row.number:
            self._check_identity(row)
        other = self.repeats.get(row.row)
        if other is not None:
            text = _("和第 %(row)s 行的证件号码相同，两行都没有导入。请留下对的一行。") % {"row": other}
            self.find(row, "number", "number_repeated", text)
        if row.address:
            row.home_region_code = self.places.code_of(row.address)
            if not row.home_region_code:
                text = _("地址里没有认出本地的乡镇、村，户籍地区划先空着。")
                self.find(row, "address", "address_unknown", text, level=NOTE)
        if not row.is_refused:
            self._compare_with_register(row)

    def _check_identity(self, row: RosterPerson) -> None:
        try:
            row.identity = check_identity(
                legal_name=row.legal_name,
                id_type=row.id_type,
                number=row.number,
                on=self.on,
                sex=row.sex,
                birth_date=row.birth_date,
            )
        except Refusals as refusals:
            told = {finding.field for finding in row.findings if finding.is_error}
            for one in refusals.refusals:
                if one.field not in told:
                    self.refuse(row, one)
            return
        born = row.identity.birth_date
        if born is not None and age_on(born, self.on) >= _ASK_ABOUT_PENSION:
            text = _("已满 %(age)s 周岁，可以培训；能不能领补贴请另外核对。") % {"age": _ASK_ABOUT_PENSION}
            # The number says the age; where it does not, the birth date's own cell.
            where = "birth_date" if row.id_type == IdType.PASSPORT else "number"
            self.find(row, where, "pension_age", text, level=NOTE)

    def _compare_with_register(self, row: RosterPerson) -> None:
        """Say that a known number differs, and in which columns, but never the other value."""
        row.known = self.known.get(row.key)
        if row.known is None:
            return
        if row.legal_name != row.known.legal_name and row.legal_name not in self.former[row.known.pk]:
            text = _("与登记不一致：这个号码登记的是另一个姓名。请对着证件核对姓名和号码。")
            self.find(row, "legal_name", "differs_from_register", text)
            return
        typed = {name: getattr(row, name) for name in ("ethnicity", "education", "phone", "address")}
        for name in differing_fields(row.known, **typed):
            row.differs = True
            text = _("与登记不一致。登记的内容不会改动。")
            self.find(row, name, "differs_from_register", text, level=NOTE)

    def apply(self, rows: Sequence[RosterPerson]) -> None:
        """Register the people, link them to the organisation and record the categories."""
        answers = register_people(
            [_registration(row) for row in rows],
            known=self.known,
            organisation=self.organisation,
            kind=AffiliationKind.ROSTER,
            region_code=self.organisation.region_code,
            source=self.setting.source,
            by=self.setting.by,
            at=self.setting.at,
        )
        for row, answer in zip(rows, answers, strict=True):
            row.person = answer.person
            if answer.refusal is not None:
                self.refuse(row, answer.refusal)


def _registration(row: RosterPerson) -> Registration:
    assert row.identity is not None  # noqa: S101  only rows that were not refused are written
    facts = person_facts(
        phone=row.phone,
        ethnicity=row.ethnicity,
        education=row.education,
        home_region_code=row.home_region_code,
        address=row.address,
    )
    return Registration(row.identity, facts, row.remark, row.groups, row.proof_number)
