"""Forms for one session, used at the trainer's desk and in the office."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from caravan.enums import SessionKind
from caravan.models import Room, Session, TrainerProfile, TrainingClass
from caravan.services.filing import hours_by_course
from caravan.services.free_times import FreeTime, local_time
from caravan.services.scheduling import ScheduleClash
from caravan.services.states import FILED_STATES
from cms.errors import DomainError
from cms.models import User
from cms.ui import figures


class RoomField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """A room with the number of its seats."""

    def label_from_instance(self, obj: Any) -> str:
        """Return ``2 号教室（50 座）``."""
        return _("%(name)s（%(seats)s 座）") % {"name": obj.name, "seats": obj.capacity}


class SessionTimeForm(forms.Form):
    """When and where a session is; enough to move one."""

    day = forms.DateField(label=gettext_lazy("哪一天"), widget=forms.DateInput)
    starts = forms.TimeField(label=gettext_lazy("几点上课"), widget=forms.TimeInput)
    ends = forms.TimeField(label=gettext_lazy("几点下课"), widget=forms.TimeInput)
    room = RoomField(label=gettext_lazy("教室"), queryset=Room.objects.none(), empty_label=None)
    trainer = forms.ModelChoiceField(
        label=gettext_lazy("讲师"), queryset=TrainerProfile.objects.none(), empty_label=None
    )
    reason = forms.CharField(
        label=gettext_lazy("变更原因"), max_length=200, required=False,
        help_text=gettext_lazy("班级已经备案，改安排要写原因，会和改动一起留下。"),
    )  # fmt: skip

    def __init__(
        self, *args: Any, training_class: TrainingClass, trainers: list[TrainerProfile], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.training_class = training_class
        self.free: list[FreeTime] = []
        self.clash: ScheduleClash | None = None
        self._choices(trainers)
        if training_class.state in FILED_STATES:
            self.fields["reason"].required = True
        else:
            del self.fields["reason"]

    def _choices(self, trainers: list[TrainerProfile]) -> None:
        room, trainer = self.fields["room"], self.fields["trainer"]
        assert isinstance(room, forms.ModelChoiceField)  # noqa: S101  tells the type checker
        assert isinstance(trainer, forms.ModelChoiceField)  # noqa: S101  see above
        room.queryset = Room.objects.filter(venue=self.training_class.venue_id).select_related("venue")
        trainer.queryset = TrainerProfile.objects.filter(pk__in=[one.pk for one in trainers])
        if len(trainers) == 1:
            trainer.initial = trainers[0].pk
            trainer.widget = forms.HiddenInput()

    def times(self) -> dict[str, Any]:
        """Return what the services take: instants, room, trainer, reason."""
        data = self.cleaned_data
        return {
            "starts_at": local_time(data["day"], data["starts"]),
            "ends_at": local_time(data["day"], data["ends"]),
            "room": data["room"],
            "trainer": data["trainer"],
            "reason": data.get("reason", ""),
        }

    def refuse(self, error: DomainError) -> None:
        """Show why a service said no: a clash with its free times, anything else at its field."""
        if isinstance(error, ScheduleClash):
            self.clash, self.free = error, error.free
            return
        names = {"starts_at": "day", "ends_at": "ends", "class_course": "what", "kind": "what"}
        for one in getattr(error, "refusals", [error]):
            field = names.get(one.field or "", one.field)
            self.add_error(field if field in self.fields else None, str(one.message))


class SessionForm(SessionTimeForm):
    """A whole new session."""

    what = forms.ChoiceField(label=gettext_lazy("上什么"))
    content = forms.CharField(label=gettext_lazy("内容"), max_length=120)
    hours = forms.DecimalField(
        label=gettext_lazy("学时"), max_digits=4, decimal_places=1, min_value=Decimal(0),
        help_text=gettext_lazy("一学时按当地规定的分钟数算，考核和讲座填 0。"),
    )  # fmt: skip
    field_order = ("what", "content", "day", "starts", "ends", "hours", "room", "trainer", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        what = self.fields["what"]
        assert isinstance(what, forms.ChoiceField)  # noqa: S101  tells the type checker
        what.choices = what_choices(self.training_class)

    def facts(self) -> dict[str, Any]:
        """Return what ``schedule_session`` takes."""
        course, _colon, kind = self.cleaned_data["what"].rpartition(":")
        found = self.training_class.class_courses.filter(pk=course).first() if course else None
        return {
            **self.times(),
            "class_course": found,
            "kind": SessionKind(kind),
            "content": self.cleaned_data["content"],
            "hours": self.cleaned_data["hours"],
        }


def what_choices(training_class: TrainingClass) -> list[tuple[str, str]]:
    """Return course and kind in one choice, with the 学时 that still want a place."""
    courses = {
        row.course_version.title: row.pk
        for row in training_class.class_courses.select_related("course_version")
    }
    found = []
    for title, kind, required, planned in hours_by_course(training_class):
        words = _("%(title)s · %(kind)s（还剩 %(left)s 学时）") % {
            "title": title, "kind": kind.label, "left": figures.hours(required - planned),
        }  # fmt: skip
        found.append((f"{courses[title]}:{kind.value}", words))
    found += [(f":{kind.value}", str(kind.label)) for kind in (SessionKind.ASSESSMENT, SessionKind.LECTURE)]
    return found


def with_pick(data: QueryDict) -> QueryDict:
    """Return what was sent, with the free time somebody picked instead of the time typed."""
    parts = data.get("pick", "").split("|")
    if len(parts) != 3:
        return data
    try:
        first, last = (timezone.localtime(dt.datetime.fromisoformat(text)) for text in parts[:2])
    except ValueError:
        return data
    changed = data.copy()
    changed["day"], changed["starts"] = first.date().isoformat(), f"{first:%H:%M}"
    changed["ends"], changed["room"] = f"{last:%H:%M}", parts[2]
    return changed


def trainers_for(user: User, training_class: TrainingClass, *, may_choose: bool) -> list[TrainerProfile]:
    """Return whom ``user`` may put on the calendar: themselves, or anybody of the organiser and its hosts."""
    organisations = {
        training_class.organisation_id,
        *training_class.hosts.values_list("organisation_id", flat=True),
    }
    rows = TrainerProfile.objects.filter(organisation_id__in=organisations)
    return list(rows if may_choose else rows.filter(user=user))


def initial_of(session: Session) -> dict[str, Any]:
    """Return the times of ``session`` for the form that moves it."""
    return {
        "day": timezone.localdate(session.starts_at),
        "starts": timezone.localtime(session.starts_at).time(),
        "ends": timezone.localtime(session.ends_at).time(),
        "room": session.room_id,
        "trainer": session.trainer_id,
    }
