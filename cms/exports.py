"""The ground's exports: people and organisations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Set
from typing import Any

from django.utils.translation import gettext_lazy as _

from cms.backoffice.organisations import OrganisationFilterSet
from cms.backoffice.people import PersonFilterSet
from cms.backoffice.people_shown import visible_affiliations
from cms.enums import Education, OrganisationKindCode, Sex
from cms.exporting.columns import Column, Context, Kind, labels
from cms.exporting.declarations import Export, register_exports
from cms.exporting.numbers import number_column
from cms.importing.people import ROSTER_HEADINGS
from cms.models import GroupTag, Organisation, OrganisationKind, Person, Region

# What is exported is what a roster is read by: the file can be corrected and imported again.
_TITLES = {heading.field: heading.title for heading in ROSTER_HEADINGS}


def _tags(people: Set[Any], context: Context) -> dict[int, list[GroupTag]]:
    """Return the categories that the reader may see, by person (one query)."""
    rows = GroupTag.objects.filter(
        pk__in=GroupTag.objects.current().visible_to(context.user).order_by().values("pk"),
        person_id__in=people,
    )
    found: dict[int, list[GroupTag]] = defaultdict(list)
    for tag in rows.order_by("valid_from", "pk"):
        found[tag.person_id].append(tag)
    return found


def _groups(tags: list[GroupTag] | None) -> str:
    return "、".join(dict.fromkeys(str(tag.get_group_display()) for tag in tags or ()))


def _proof(tags: list[GroupTag] | None) -> str:
    """Return the number of the proof; several categories have several, and a roster holds one."""
    numbers = {tag.proof_number for tag in tags or () if tag.proof_number}
    return numbers.pop() if len(numbers) == 1 else ""


def _remarks(people: Set[Any], context: Context) -> dict[int, str]:
    """Return what the organisations in the reader's reach noted on their rosters, by person (one query)."""
    rows = visible_affiliations(context.user).filter(person_id__in=people).exclude(remark="")
    found: dict[int, list[str]] = defaultdict(list)
    for row in rows.order_by("since", "pk"):
        found[row.person_id].append(row.remark)
    return {person: "；".join(dict.fromkeys(remarks)) for person, remarks in found.items()}


def _personal(key: str, source: str, width: int, **more: Any) -> Column:
    return Column(key, _TITLES[key], source, width=width, is_personal=True, **more)


PEOPLE = Export(
    slug="people",
    title=_("人员"),
    model=Person,
    permission="cms.export_person",
    lists=("people:index",),
    ordering=("name_pinyin",),
    filters=PersonFilterSet,
    search_fields=("search_key",),
    sheet="花名册",
    columns=(
        _personal("legal_name", "legal_name", 12),
        _personal("sex", "sex", 6, show=labels(Sex.choices)),
        _personal("ethnicity", "ethnicity", 8),
        _personal("birth_date", "birth_date", 12, kind=Kind.DATE),
        number_column(_TITLES["number"], "pk"),
        _personal("education", "education", 12, show=labels(Education.choices)),
        _personal("address", "address", 36),
        _personal("groups", "pk", 20, lookup=_tags, show=_groups),
        _personal("proof_number", "pk", 22, lookup=_tags, show=_proof),
        _personal("phone", "phone", 15),
        _personal("remark", "pk", 24, lookup=_remarks),
    ),
    notes=("表头与花名册导入的表头一致：证件号码完整的表，改正后可以直接再导入。",),
)


def _region_names(codes: Set[Any], context: Context) -> Mapping[Any, str]:
    return dict(Region.objects.filter(code__in=codes).values_list("code", "name"))


def _kinds(organisations: Set[Any], context: Context) -> Mapping[Any, str]:
    found: dict[int, list[str]] = defaultdict(list)
    rows = OrganisationKind.objects.filter(organisation_id__in=organisations).order_by("pk")
    for organisation, kind in rows.values_list("organisation_id", "kind"):
        found[organisation].append(str(OrganisationKindCode(kind).label))
    return {organisation: "、".join(kinds) for organisation, kinds in found.items()}


ORGANISATIONS = Export(
    slug="organisations",
    title=_("机构"),
    model=Organisation,
    permission="cms.export_organisation",
    lists=("organisations:index",),
    ordering=("name",),
    filters=OrganisationFilterSet,
    search_fields=("search_key",),
    sheet="机构",
    columns=(
        Column("name", "机构名称", width=28),
        Column("short_code", "机构简码", width=10),
        Column("uscc", "统一社会信用代码", width=22),
        Column("kinds", "机构类型", "pk", width=24, lookup=_kinds),
        Column("region_code", "行政区划代码", width=16),
        Column("region", "地区", "region_code", width=14, lookup=_region_names),
        Column("contact_name", "联系人", width=12, is_personal=True),
        Column("contact_phone", "联系电话", width=15, is_personal=True),
    ),
)

register_exports(PEOPLE, ORGANISATIONS)
