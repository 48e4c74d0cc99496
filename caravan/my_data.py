"""What this app keeps about somebody: enrolments and what was marked on the roll."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from caravan.enums import ACTIVE, ClassState, Mark
from caravan.models import Enrolment
from cms.enums import DataField
from cms.models import Person
from cms.my_data import DataItem, DataSection, Fact, LegalHold, erasers, legal_holds, my_data

_OVER = frozenset({ClassState.CLOSED, ClassState.ARCHIVED, ClassState.CANCELLED})


def _enrolments(person: Person) -> DataSection:
    enrolments = Enrolment.objects.filter(person=person).select_related("training_class__organisation")
    rows: Any = enrolments.annotate(
        present=Count("marks", filter=~Q(marks__mark=Mark.ABSENT)), credited=Sum("marks__credited_hours")
    )
    items = [
        DataItem(
            str(row.training_class),
            [
                Fact("state", gettext_lazy("状态"), row.get_state_display()),
                Fact("way", gettext_lazy("报名方式"), row.get_way_display()),
                Fact("organisation", gettext_lazy("承办机构"), str(row.training_class.organisation)),
                Fact("requested_at", gettext_lazy("报名时间"), row.requested_at),
                Fact("present", gettext_lazy("到了几节课"), row.present),
                Fact("credited_hours", gettext_lazy("计学时"), row.credited),
                Fact("end_reason", gettext_lazy("退出原因"), row.end_reason),
            ],
        )
        for row in rows.order_by("-requested_at")
    ]
    return DataSection(gettext_lazy("报名和签到"), gettext_lazy("排座位、点名、算学时要用。"), items)


my_data.register("enrolments", _enrolments)


def _holds(person: Person, on: dt.date) -> Sequence[LegalHold]:
    rows = Enrolment.objects.filter(person=person, state__in=sorted(ACTIVE))
    rows = rows.exclude(training_class__state__in=sorted(_OVER)).select_related("training_class")
    return [
        LegalHold(
            "enrolled",
            _("您报了“%(title)s”，班还没有结束。退了班，或者结了业，才能删。")
            % {"title": row.training_class},
            frozenset(DataField),
            blocks=True,
        )
        for row in rows
    ]


def _erase(person: Person, erased: frozenset[DataField], at: dt.datetime) -> None:
    if DataField.OTHER in erased:
        Enrolment.objects.filter(person=person).exclude(end_reason="").update(end_reason="")


legal_holds.register("enrolments", _holds)
erasers.register("enrolments", _erase)
