"""What the ground imports; registered by import."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from cms.benching import bench_at, benches
from cms.enums import FileKind, RowOutcome
from cms.importing.kinds import ImportKind, import_kinds
from cms.importing.organisations import (
    ORGANISATION_HEADINGS,
    OrganisationResource,
    repeated_organisations,
)
from cms.importing.people import PersonRosterResource, repeated_numbers, roster_headings
from cms.importing.regions import REGION_HEADINGS, JudgedRegion, RegionResource
from cms.importing.resources import ImportedRow


def _some_move(rows: Sequence[ImportedRow]) -> bool:
    return any(isinstance(row, JudgedRegion) and row.moves for row in rows)


import_kinds.register(
    "people",
    ImportKind(
        "people",
        label=_("花名册"),
        unit=_("人"),
        headings=roster_headings,
        resource=PersonRosterResource,
        permission="cms.add_dataimport",
        result_url_name="people:index",
        intro=_("登记学员，和机构关联起来。已经登记过的人只关联，登记的内容不改；有错的行不导入，其余照常。"),
        look_over=repeated_numbers,
        needs_organisation=True,
        writes=frozenset({RowOutcome.NEW, RowOutcome.SAME, RowOutcome.DIFFERS}),
        file_kind=FileKind.ROSTER,
        guidance=(
            _("一行一个人，表头不要改，列可以少，顺序可以换。"),
            _("证件号码、电话这些列已经设成文本，粘贴时请选“只粘贴文本”。"),
        ),
    ),
)
import_kinds.register(
    "organisations",
    ImportKind(
        "organisations",
        label=_("机构名单"),
        unit=_("个机构"),
        headings=lambda: ORGANISATION_HEADINGS,
        resource=OrganisationResource,
        permission="cms.add_organisation",
        result_url_name="organisations:index",
        intro=_("登记机构。代号已经有的，按这一行改名称、地区、类型和联系人，空着的格不改；有错的行不导入。"),
        look_over=repeated_organisations,
        guidance=(_("一行一个机构，表头不要改。代号登记以后不能再改。"),),
    ),
)
import_kinds.register(
    "regions",
    ImportKind(
        "regions",
        label=_("行政区划"),
        unit=_("个区划"),
        headings=lambda: REGION_HEADINGS,
        resource=RegionResource,
        permission="cms.add_region",
        result_url_name="regions:index",
        intro=_("乡镇、村的区划。有一行不对，整份都不写入；上级要先有，或者在同一份文件里。"),
        whole=True,
        file_kind=FileKind.REGIONS,
        guidance=(
            _("一行一个区划，表头不要改。有一行不对，整份都不写入。"),
            _("代码整批改了的：新代码一行，“原代码”一列写原来的代码，启用日期写变更生效的那天。"),
        ),
        asks_document=_some_move,
    ),
)
benches.register("import", bench_at("cms.benches.imports:run"))
