"""The export of training records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Set
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet

from cms.exporting.columns import Column, Context, Kind, labels
from cms.exporting.declarations import Export, register_exports
from cms.exporting.numbers import number_column
from courses.enums import Component, RecordState, SkillLevel, TrainingType
from courses.models import RecordComponent, TrainingRecord


class RecordFilters(WagtailFilterSet):
    """As the list of training records filters."""

    class Meta:
        model = TrainingRecord
        fields = ["state"]


def _components(records: Set[Any], context: Context) -> Mapping[Any, dict[str, Decimal]]:
    """Return the current results of many records (one query)."""
    found: dict[int, dict[str, Decimal]] = defaultdict(dict)
    rows = RecordComponent.objects.filter(record_id__in=records, superseded_at__isnull=True)
    for record, component, value in rows.values_list("record_id", "component", "value"):
        found[record][component] = value
    return found


def _component(component: Component, title: str) -> Column:
    def show(values: dict[str, Decimal] | None) -> Decimal | None:
        return (values or {}).get(component)

    return Column(str(component), title, "pk", Kind.NUMBER, width=10, lookup=_components, show=show)


RECORDS = Export(
    slug="records",
    title=_("培训记录"),
    model=TrainingRecord,
    permission="courses.export_trainingrecord",
    lists=("training_record:index",),
    ordering=("-opened_at", "-pk"),
    filters=RecordFilters,
    search_fields=("person__search_key", "course_version__title"),
    sheet="培训记录",
    columns=(
        Column("name", "姓名", "person__legal_name", is_personal=True),
        number_column(),
        Column("course_code", "课程编号", "course__code", width=12),
        Column("course", "课程名称", "course_version__title", width=28),
        Column(
            "type", "培训类型", "course_version__training_type", width=12, show=labels(TrainingType.choices)
        ),
        Column("occupation", "职业", "course_version__occupation__name", width=18),
        Column("work_type", "工种", "course_version__work_type__name", width=14),
        Column("level", "等级", "course_version__skill_level", width=14, show=labels(SkillLevel.choices)),
        Column("organisation", "承办机构", "organisation__name", width=26),
        Column("region_code", "培训地区划代码", width=16),
        Column("source", "来源", width=22),
        Column("state", "状态", width=10, show=labels(RecordState.choices)),
        Column("started_on", "开始日期", kind=Kind.DATE),
        Column("ended_on", "结束日期", kind=Kind.DATE),
        Column("completed_on", "合格日期", kind=Kind.DATE),
        Column("course_hours", "课程学时", "course_version__total_hours", Kind.NUMBER, width=10),
        _component(Component.THEORY_HOURS, "理论学时"),
        _component(Component.PRACTICE_HOURS, "实操学时"),
        _component(Component.COMMUNITY_HOURS, "社区实训学时"),
        _component(Component.THEORY_SCORE, "理论成绩"),
        _component(Component.PRACTICE_SCORE, "技能成绩"),
    ),
)

register_exports(RECORDS)
