"""The caravan's exports: classes, enrolments, and what came of attendance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Set
from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet

from caravan.backoffice.classes import ClassFilterSet
from caravan.enums import (
    COUNTED_KINDS,
    ON_ROLL,
    SEATED,
    ClassState,
    EnrolmentState,
    EnrolmentWay,
    Mark,
    SessionState,
)
from caravan.models import AttendanceMark, ClassCourse, Enrolment, Session, TrainingClass
from cms.exporting.columns import Column, Context, Kind, Lookup, labels
from cms.exporting.declarations import Export, register_exports
from cms.exporting.numbers import number_column
from cms.models import User


def _enrolments_in(states: frozenset[str]) -> Lookup:
    """Return what counts the enrolments of many classes in some states (one query)."""

    def lookup(classes: Set[Any], context: Context) -> Mapping[Any, int]:
        rows = Enrolment.objects.filter(training_class_id__in=classes, state__in=sorted(states)).order_by()
        counts = dict(rows.values_list("training_class").annotate(n=Count("pk")))
        return {pk: counts.get(pk, 0) for pk in classes}

    return lookup


def _courses(classes: Set[Any], context: Context) -> Mapping[Any, str]:
    found: dict[int, list[str]] = defaultdict(list)
    rows = ClassCourse.objects.filter(training_class_id__in=classes).order_by("training_class_id", "order")
    for pk, title in rows.values_list("training_class_id", "course_version__title"):
        found[pk].append(title)
    return {pk: "、".join(titles) for pk, titles in found.items()}


CLASSES = Export(
    slug="classes",
    title=_("班级"),
    model=TrainingClass,
    permission="caravan.export_trainingclass",
    lists=("classes:index",),
    ordering=("-starts_on", "class_no"),
    filters=ClassFilterSet,
    search_fields=("title", "class_no"),
    sheet="班级",
    columns=(
        Column("class_no", "班号", width=18),
        Column("title", "班级名称", width=30),
        Column("state", "状态", width=12, show=labels(ClassState.choices)),
        Column("organisation", "承办机构", "organisation__name", width=26),
        Column("venue", "场地", "venue__name", width=20),
        Column("region_code", "培训地区划代码", width=16),
        Column("courses", "课程", "pk", width=36, lookup=_courses),
        Column("starts_on", "开班日期", kind=Kind.DATE),
        Column("ends_on", "结业日期", kind=Kind.DATE),
        Column("capacity", "名额", kind=Kind.WHOLE, width=8),
        Column("seated", "报名人数", "pk", Kind.WHOLE, width=10, lookup=_enrolments_in(SEATED)),
        Column("waiting", "候补人数", "pk", Kind.WHOLE, width=10, lookup=_enrolments_in(frozenset({EnrolmentState.WAITING}))),
        Column("completed", "结业人数", "pk", Kind.WHOLE, width=10, lookup=_enrolments_in(frozenset({EnrolmentState.COMPLETED}))),
    ),
)  # fmt: skip


def _visible_classes(request: Any) -> QuerySet[TrainingClass]:
    user: User = request.user
    return TrainingClass.objects.visible_to(user)


class EnrolmentFilters(WagtailFilterSet):
    """One class, one state; and what the list of classes is narrowed to."""

    training_class = django_filters.ModelChoiceFilter(label=_("班级"), queryset=_visible_classes)
    enrolment_state = django_filters.ChoiceFilter(
        label=_("报名状态"), field_name="state", choices=EnrolmentState.choices
    )
    state = django_filters.MultipleChoiceFilter(
        label=_("班级状态"), field_name="training_class__state", choices=ClassState.choices
    )
    starts_from = django_filters.DateFilter(
        label=_("开班不早于"), field_name="training_class__starts_on", lookup_expr="gte"
    )
    starts_until = django_filters.DateFilter(
        label=_("开班不晚于"), field_name="training_class__starts_on", lookup_expr="lte"
    )

    class Meta:
        model = Enrolment
        fields: list[str] = []


_CLASS_SEARCH = ("training_class__title", "training_class__class_no")
_WHO = (
    Column("class_no", "班号", "training_class__class_no", width=18),
    Column("class", "班级名称", "training_class__title", width=28),
    Column("organisation", "承办机构", "training_class__organisation__name", width=26),
    Column("roll_no", "学号", kind=Kind.WHOLE, width=6),
    Column("name", "姓名", "person__legal_name", is_personal=True),
    number_column(),
)

ENROLMENTS = Export(
    slug="enrolments",
    title=_("报名名单"),
    model=Enrolment,
    permission="caravan.export_enrolment",
    lists=("classes:index",),
    ordering=("-training_class__starts_on", "training_class__class_no", "roll_no"),
    filters=EnrolmentFilters,
    search_fields=_CLASS_SEARCH,
    sheet="报名名单",
    columns=(
        *_WHO,
        Column("phone", "联系电话", "person__phone", width=15, is_personal=True),
        Column("state", "状态", width=12, show=labels(EnrolmentState.choices)),
        Column("way", "报名方式", width=12, show=labels(EnrolmentWay.choices)),
        Column("requested_at", "报名时间", kind=Kind.MOMENT, width=17),
        Column("enrolled_at", "录取时间", kind=Kind.MOMENT, width=17),
        Column("end_reason", "退出原因", width=20),
    ),
)


def _marks(enrolments: Set[Any], context: Context) -> Mapping[Any, dict[str, int]]:
    """Return how often each mark stands for many enrolments (one query)."""
    found: dict[int, dict[str, int]] = {pk: {} for pk in enrolments}
    rows = AttendanceMark.objects.filter(enrolment_id__in=enrolments).order_by()
    for enrolment, mark, count in rows.values_list("enrolment", "mark").annotate(n=Count("pk")):
        found[enrolment][mark] = count
    return found


def _mark(mark: Mark, title: str) -> Column:
    def show(counts: dict[str, int]) -> int:
        return counts.get(mark, 0)

    return Column(str(mark), title, "pk", Kind.WHOLE, width=8, lookup=_marks, show=show)


def _credited(enrolments: Set[Any], context: Context) -> Mapping[Any, Decimal]:
    rows = AttendanceMark.objects.filter(enrolment_id__in=enrolments).order_by()
    sums = dict(rows.values_list("enrolment").annotate(total=Sum("credited_hours")))
    return {pk: sums.get(pk, Decimal(0)) for pk in enrolments}


def _sessions_held(classes: Set[Any], context: Context) -> Mapping[Any, int]:
    rows = Session.objects.filter(training_class_id__in=classes, state=SessionState.HELD).order_by()
    counts = dict(rows.values_list("training_class").annotate(n=Count("pk")))
    return {pk: counts.get(pk, 0) for pk in classes}


def _hours_held(classes: Set[Any], context: Context) -> Mapping[Any, Decimal]:
    """Return the 学时 of the sessions held that count."""
    rows = Session.objects.filter(
        training_class_id__in=classes, state=SessionState.HELD, kind__in=sorted(COUNTED_KINDS)
    ).order_by()
    sums = dict(rows.values_list("training_class").annotate(total=Sum("hours")))
    return {pk: sums.get(pk, Decimal(0)) for pk in classes}


def _on_roll(rows: QuerySet[Any], context: Context) -> QuerySet[Any]:
    return rows.filter(state__in=sorted(ON_ROLL))


ATTENDANCE = Export(
    slug="attendance",
    title=_("考勤汇总"),
    model=Enrolment,
    permission="caravan.export_enrolment",
    lists=("classes:index",),
    ordering=("-training_class__starts_on", "training_class__class_no", "roll_no"),
    filters=EnrolmentFilters,
    search_fields=_CLASS_SEARCH,
    narrow=_on_roll,
    sheet="考勤汇总",
    columns=(
        *_WHO,
        Column("state", "状态", width=12, show=labels(EnrolmentState.choices)),
        Column("sessions", "已上课节数", "training_class_id", Kind.WHOLE, width=10, lookup=_sessions_held),
        _mark(Mark.PRESENT, "到"),
        _mark(Mark.LATE, "迟到"),
        _mark(Mark.LEFT_EARLY, "早退"),
        _mark(Mark.LEAVE, "请假"),
        _mark(Mark.ABSENT, "缺勤"),
        Column("held_hours", "已上学时", "training_class_id", Kind.NUMBER, width=10, lookup=_hours_held),
        Column("credited", "计入学时", "pk", Kind.NUMBER, width=10, lookup=_credited),
    ),
    notes=("只含在册的学员；计入学时按当地考勤规定折算。",),
)  # fmt: skip

register_exports(CLASSES, ENROLMENTS, ATTENDANCE)
