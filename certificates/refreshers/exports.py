"""The export of who is due: the list's own answer, worst first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from certificates.refreshers.due_list import DueList, due_list, periods_of
from certificates.refreshers.enums import RefresherState
from certificates.refreshers.forms import DueListForm
from certificates.refreshers.reading import lines_on
from certificates.refreshers.status import RefresherStatus
from cms.errors import DomainError
from cms.exporting.columns import Column, Context, Kind
from cms.exporting.declarations import Export, register_exports
from cms.exporting.numbers import number_column
from cms.models import InPostPeriod, Organisation, Region, User


def due_form(user: User, data: Any) -> DueListForm:
    """Return the form of the list with the employers and regions that ``user`` sees."""
    seen = InPostPeriod.objects.current().visible_to(user).order_by()
    return DueListForm(
        data,
        employers=Organisation.objects.filter(pk__in=seen.values("organisation")).order_by("name"),
        regions=Region.objects.filter(code__in=seen.values("region_code")),
    )


def asked_list(user: User, asked: Mapping[str, Any], on: dt.date) -> tuple[DueList, list[Any]]:
    """Return the counts of everybody asked for, and the lines in the state asked for."""
    periods = periods_of(user, on, asked["region"].code if asked["region"] else "")
    if asked["employer"]:
        periods = periods.filter(organisation=asked["employer"])
    found = due_list(periods, on)
    return found, [line for line in found.lines if not asked["state"] or line.status.state == asked["state"]]


def _day(context: Context) -> dt.date:
    form = due_form(context.user, context.query)
    form.is_valid()
    return form.cleaned_data.get("on") or timezone.localdate(context.at)


def _select(context: Context) -> Iterable[int]:
    form = due_form(context.user, context.query)
    if not form.is_valid():
        words = "；".join(str(text) for texts in form.errors.values() for text in texts)
        raise DomainError("filters_wrong", words)
    return (line.period.pk for line in asked_list(context.user, form.cleaned_data, _day(context))[1])


def _statuses(periods: Set[Any], context: Context) -> Mapping[Any, RefresherStatus]:
    """Ask the clock for many people at once, as the list does."""
    rows = InPostPeriod.objects.filter(pk__in=periods).select_related("person", "organisation")
    return {line.period.pk: line.status for line in lines_on(rows, _day(context))}


def _answer(key: str, title: str, width: int, show: Callable[[RefresherStatus], Any], **more: Any) -> Column:
    return Column(
        key, title, "pk", width=width, lookup=_statuses,
        show=lambda status: None if status is None else show(status), **more,
    )  # fmt: skip


REFRESHERS = Export(
    slug="refreshers",
    title=_("谁该回炉了"),
    model=InPostPeriod,
    permission="certificates.export_refresher",
    lists=("certificates_due:index",),
    select=_select,
    sheet="回炉",
    columns=(
        Column("name", "姓名", "person__legal_name", is_personal=True),
        number_column(),
        Column("phone", "联系电话", "person__phone", width=15, is_personal=True),
        Column("employer", "用人单位", "organisation__name", width=26),
        Column("region_code", "工作地区划代码", width=16),
        Column("started_on", "上岗日期", kind=Kind.DATE),
        _answer("state", "回炉状态", 12, lambda status: str(RefresherState(status.state).label)),
        _answer("due_on", "最晚", 12, lambda status: status.due_on, kind=Kind.DATE),
        _answer("reason", "原因", 60, lambda status: status.reason),
    ),
)

register_exports(REFRESHERS)
