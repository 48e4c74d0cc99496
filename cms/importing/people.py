"""The roster of people: its columns, its checks and what becomes of a row."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from import_export.fields import Field

from cms.dates import age_on
from cms.enums import AffiliationKind, IdType, RowOutcome
from cms.errors import DomainError
from cms.identity import birth_date_of, check_number, guess_id_type, mask_number, normalise_number, sex_of
from cms.importing.cells import (
    DateWidget,
    EthnicityWidget,
    GroupsWidget,
    NameWidget,
    NumberWidget,
    PhoneWidget,
    TextWidget,
    education_widget,
    sex_widget,
)
from cms.importing.findings import NOTE
from cms.importing.reader import Column, Heading, SourceRow
from cms.importing.resources import ROW_NUMBER, CellResource, ImportedRow
from cms.models import GroupTag, Organisation, Person, User
from cms.regions import RegionResolver
from cms.services.people import (
    differing_fields,
    find_people,
    is_known_name,
    register_person,
    tag_group,
)

# The columns of 职业培训补贴花名册 that say who somebody is (domain §2.3); the others are read by the
# screens that need them, and named on the preview as not imported.
ROSTER_HEADINGS = (
    Heading("legal_name", "姓名", ("学员姓名", "名字"), required=True),
    Heading("sex", "性别"),
    Heading("ethnicity", "民族"),
    Heading("birth_date", "出生日期", ("出生年月日", "生日")),
    Heading(
        "number",
        "公民身份号码",
        ("身份证号", "身份证号码", "公民身份证号码", "证件号码", "证件号", "身份证"),
        required=True,
    ),
    Heading("education", "文化程度", ("学历", "最高学历")),
    Heading("address", "户籍地址", ("户籍所在地", "家庭住址", "住址", "户口所在地")),
    Heading("groups", "人员类别", ("人员类型", "学员类别", "培训对象类别")),
    Heading("proof_number", "类别证明编号", ("证明编号", "证明材料编号", "就业创业证号")),
    Heading("phone", "联系电话", ("电话", "手机", "手机号", "手机号码", "联系方式")),
)

# From here on many subsidies stop (statutory retirement age is between 50 and 63): only worth a look.
_ASK_ABOUT_PENSION = 60


@dataclass
class RosterPerson(ImportedRow):
    """One row of a roster as values of ours."""

    legal_name: str = ""
    sex: str = ""
    ethnicity: str = ""
    birth_date: dt.date | None = None
    number: str = ""
    id_type: str = IdType.CITIZEN_ID
    education: str = ""
    address: str = ""
    home_region_code: str = ""
    groups: list[str] = field(default_factory=list)
    proof_number: str = ""
    phone: str = ""
    known: Person | None = None
    differs: bool = False
    person: Person | None = None

    @property
    def outcome(self) -> RowOutcome:
        """Return what the register would do, or did, with this row."""
        if self.is_refused:
            return RowOutcome.REFUSED
        if self.known is None:
            return RowOutcome.NEW
        return RowOutcome.DIFFERS if self.differs else RowOutcome.SAME

    @property
    def masked(self) -> str:
        """Return the number with its first and last character only."""
        return mask_number(self.number)[:30]


def repeated_numbers(rows: list[SourceRow]) -> dict[int, int]:
    """Return row number to the other row with the same document number, for every row of such a pair."""
    first: dict[str, int] = {}
    repeats: dict[int, int] = {}
    for row in rows:
        try:
            number = normalise_number(row.values.get("number"))
        except DomainError:
            continue
        if not number:
            continue
        if number in first:
            repeats[row.number] = first[number]
            repeats.setdefault(first[number], row.number)
        else:
            first[number] = row.number
    return repeats


class PersonRosterResource(CellResource):
    """Rows of a roster to people of the register, by ``register_person`` and ``tag_group``."""

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

    headings = ROSTER_HEADINGS

    class Meta(CellResource.Meta):
        fields = tuple(heading.field for heading in ROSTER_HEADINGS)
        import_id_fields = ("number",)

    def __init__(
        self,
        columns: dict[str, Column],
        *,
        organisation: Organisation,
        repeats: dict[int, int],
        source: str,
        by: User | None,
        at: dt.datetime,
    ) -> None:
        super().__init__(columns)
        self.organisation = organisation
        self.repeats = repeats
        self.source = source
        self.by = by
        self.at = at
        self.on = timezone.localdate(at)
        self.places = RegionResolver(organisation.region_code)
        self.known: dict[tuple[str, str], Person] = {}

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        """Look all numbers up at once."""
        keys = []
        for value in dataset["number"] if "number" in dataset.headers else []:
            try:
                number = normalise_number(value)
            except DomainError:
                continue
            keys.append((str(guess_id_type(number)), number))
        self.known = find_people(keys)

    def init_instance(self, row: dict[str, Any] | None = None) -> RosterPerson:
        """Return an empty row."""
        return RosterPerson(row=int((row or {}).get(ROW_NUMBER) or 0))

    def check_row(self, instance: RosterPerson, row: dict[str, Any]) -> None:
        """Judge number, sex and birth date against each other, repetition, place and the register."""
        if instance.number:
            self._check_number(instance, row)
        other = self.repeats.get(instance.row)
        if other is not None:
            text = _("和第 %(row)s 行的证件号码相同，两行都没有导入。请留下对的一行。") % {"row": other}
            self.find(instance, row, "number", "number_repeated", text)
        if instance.address:
            instance.home_region_code = self.places.code_of(instance.address)
            if not instance.home_region_code:
                text = _("地址里没有认出本地的乡镇、村，户籍地区划先空着。")
                self.find(instance, row, "address", "address_unknown", text, level=NOTE)
        if not instance.is_refused:
            self._compare_with_register(instance, row)

    def _check_number(self, instance: RosterPerson, row: dict[str, Any]) -> None:
        number = instance.number
        instance.id_type = guess_id_type(number)
        try:
            check_number(instance.id_type, number, self.on)
        except DomainError as error:
            self.find(instance, row, "number", error.code, str(error))
            return
        birth, sex = birth_date_of(number), sex_of(number)
        if instance.birth_date and birth and instance.birth_date != birth:
            text = _("出生日期和证件号码对不上，请对着证件再核一遍。")
            self.find(instance, row, "birth_date", "birth_date_differs", text)
        if instance.sex and sex and instance.sex != sex:
            text = _("性别和证件号码对不上，请对着证件再核一遍。")
            self.find(instance, row, "sex", "sex_differs", text)
        instance.birth_date, instance.sex = birth or instance.birth_date, sex or instance.sex
        if instance.birth_date is None:
            self.find(instance, row, "birth_date", "birth_date_missing", _("请填出生日期。"))
        elif age_on(instance.birth_date, self.on) >= _ASK_ABOUT_PENSION:
            text = _("已满 %(age)s 周岁，可以培训；能不能领补贴请另外核对。") % {"age": _ASK_ABOUT_PENSION}
            self.find(instance, row, "birth_date", "pension_age", text, level=NOTE)

    def _compare_with_register(self, instance: RosterPerson, row: dict[str, Any]) -> None:
        """Say that a known number differs, and in which columns, but never the other value."""
        instance.known = self.known.get((str(instance.id_type), instance.number))
        if instance.known is None:
            return
        if not is_known_name(instance.known, instance.legal_name):
            text = _("与登记不一致：这个号码登记的是另一个姓名。请对着证件核对姓名和号码。")
            self.find(instance, row, "legal_name", "differs_from_register", text)
            return
        typed = {name: getattr(instance, name) for name in ("ethnicity", "education", "phone", "address")}
        for name in differing_fields(instance.known, **typed):
            instance.differs = True
            text = _("与登记不一致。登记的内容不会改动。")
            self.find(instance, row, name, "differs_from_register", text, level=NOTE)

    def apply(self, instance: RosterPerson) -> None:
        """Register the person, link them to the organisation and record the categories; all or nothing."""
        with transaction.atomic():
            instance.person, _created = register_person(
                legal_name=instance.legal_name,
                id_type=instance.id_type,
                number=instance.number,
                organisation=self.organisation,
                kind=AffiliationKind.ROSTER,
                region_code=self.organisation.region_code,
                source=self.source,
                by=self.by,
                at=self.at,
                sex=instance.sex,
                birth_date=instance.birth_date,
                phone=instance.phone,
                ethnicity=instance.ethnicity,
                education=instance.education,
                home_region_code=instance.home_region_code,
                address=instance.address,
            )
            for group in instance.groups:
                self._tag(instance.person, group, instance.proof_number)

    def _tag(self, person: Person, group: str, proof_number: str) -> None:
        """Record a category unless the organisation said the same before; a roster verifies nothing."""
        said = GroupTag.objects.current().filter(person=person, organisation=self.organisation, group=group)
        if said.filter(proof_number=proof_number).exists() or (not proof_number and said.exists()):
            return
        tag_group(
            person,
            group,
            self.organisation,
            proof_number=proof_number,
            checked_by="",
            checked_on=None,
            valid_from=self.on,
            valid_until=None,
            region_code=self.organisation.region_code,
            by=self.by,
            at=self.at,
        )
