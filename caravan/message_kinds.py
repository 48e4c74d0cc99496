"""What learners and staff are told about places, classes and sessions; registered by import."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from caravan.enums import ACTIVE, ClassState, EnrolmentState, SessionState
from caravan.models import Enrolment, Session, TrainingClass
from cms.messaging import MessageKind, MessageText, day_in, moment_in, register_kind
from cms.models import Message
from cms.ui import dates

_DO_NOT_COME_IN_VAIN = gettext_lazy("时间地点变了不告诉您，您会白跑一趟，所以一定会发。")
_LIVE = frozenset({ClassState.FILED, ClassState.RUNNING, ClassState.ASSESSING})


def _when(moment: dt.datetime) -> str:
    return _("%(day)s %(clock)s") % {"day": dates.day(moment), "clock": dates.clock(moment)}


# Places --------------------------------------------------------------------------------------------


def _offer_words(message: Message) -> MessageText:
    title = message.about["title"]
    until = _when(moment_in(message.about, "until"))
    return MessageText(
        _("“%(title)s”有名额了，等您答复") % {"title": title},
        _("“%(title)s”空出一个名额，给您留到 %(until)s。请在这之前答复来不来，过了时间就给下一位。")
        % {"title": title, "until": until},
    )


def _offer_stands(message: Message, at: dt.datetime) -> bool:
    rows = Enrolment.objects.filter(pk=message.subject_id, state=EnrolmentState.OFFERED)
    return rows.filter(waiting__offer_until__gte=at).exists()


def _confirmed_words(message: Message) -> MessageText:
    facts = {
        "title": message.about["title"],
        "number": message.about["number"],
        "day": dates.day(day_in(message.about, "starts_on")),
        "venue": message.about["venue"],
    }
    return MessageText(
        _("报上了“%(title)s”") % facts,
        _("您报上了“%(title)s”，学号 %(number)s。%(day)s开班，在%(venue)s。来不了请早点说，名额好给别人。")
        % facts,
    )


def _seat_is_held(message: Message, at: dt.datetime) -> bool:
    rows = Enrolment.objects.filter(pk=message.subject_id, state=EnrolmentState.ENROLLED)
    return rows.filter(training_class__state__in=sorted(_LIVE)).exists()


def _waiting_words(message: Message) -> MessageText:
    title = message.about["title"]
    return MessageText(
        _("“%(title)s”名额满了，您排在候补里") % {"title": title},
        _("“%(title)s”名额满了，您排在候补里。有了名额马上告诉您，到时候再决定来不来。") % {"title": title},
    )


def _still_waits(message: Message, at: dt.datetime) -> bool:
    return Enrolment.objects.filter(pk=message.subject_id, state=EnrolmentState.WAITING).exists()


def _enrolment_link(message: Message) -> str:
    return reverse("caravan:enrolment", args=[message.subject_id])


register_kind(
    MessageKind(
        "seat_offered",
        gettext_lazy("候补有了名额"),
        words=_offer_words,
        still_due=_offer_stands,
        link=lambda message: reverse("caravan:offer", args=[message.subject_id]),
        why_necessary=gettext_lazy("名额留不了多久，不告诉您就过了，所以一定会发。"),
    )
)
register_kind(
    MessageKind(
        "enrolment_confirmed",
        gettext_lazy("报名成功"),
        words=_confirmed_words,
        still_due=_seat_is_held,
        link=_enrolment_link,
    )
)
register_kind(
    MessageKind(
        "enrolment_waiting",
        gettext_lazy("排在候补里"),
        words=_waiting_words,
        still_due=_still_waits,
        link=_enrolment_link,
    )
)


# Sessions and classes ------------------------------------------------------------------------------


def _session_words(message: Message) -> dict[str, str]:
    return {
        "title": message.about["title"],
        "content": message.about["content"],
        "when": _when(moment_in(message.about, "starts_at")),
        "where": message.about["where"],
    }


def _moved_words(message: Message) -> MessageText:
    facts = _session_words(message) | {"old": _when(moment_in(message.about, "old_starts_at"))}
    return MessageText(
        _("“%(content)s”改了时间或地点") % facts,
        _("“%(title)s”的“%(content)s”改了：原来%(old)s，现在%(when)s，在%(where)s。请按新的来。") % facts,
    )


def _session_stands(message: Message, at: dt.datetime) -> bool:
    """The session is still at that time and place and ahead, and the learner is still of the class."""
    rows = Session.objects.filter(
        pk=message.subject_id,
        state=SessionState.PLANNED,
        starts_at=moment_in(message.about, "starts_at"),
        starts_at__gt=at,
        room_id=message.about["room_id"],
    )
    return rows.exists() and _is_of_class(message)


def _is_of_class(message: Message) -> bool:
    if message.person_id is None:
        return True
    return Enrolment.objects.filter(pk=message.about["enrolment"], state__in=sorted(ACTIVE)).exists()


def _cancelled_words(message: Message) -> MessageText:
    facts = _session_words(message)
    return MessageText(
        _("“%(content)s”不上了") % facts,
        _("“%(title)s”原定%(when)s的“%(content)s”取消了，这次请不要来。") % facts,
    )


def _session_is_off(message: Message, at: dt.datetime) -> bool:
    rows = Session.objects.filter(pk=message.subject_id, state=SessionState.CANCELLED, starts_at__gt=at)
    return rows.exists() and _is_of_class(message)


def _class_words(message: Message) -> dict[str, str]:
    about = message.about
    return {
        "title": about["title"],
        "span": dates.day_range(day_in(about, "starts_on"), day_in(about, "ends_on")),
        "day": dates.day(day_in(about, "starts_on")),
        "why": about.get("why", ""),
    }


def _class_moved_words(message: Message) -> MessageText:
    facts = _class_words(message) | {"old": dates.day(day_in(message.about, "old_starts_on"))}
    return MessageText(
        _("“%(title)s”改了日期") % facts,
        _("“%(title)s”改了日期：原定%(old)s开班，现在是 %(span)s。请按新的日期来。") % facts,
    )


def _class_stands(message: Message, at: dt.datetime) -> bool:
    rows = TrainingClass.objects.filter(
        pk=message.subject_id,
        state__in=sorted(_LIVE),
        starts_on=day_in(message.about, "starts_on"),
        ends_on=day_in(message.about, "ends_on"),
    )
    return rows.exists() and _is_of_class(message)


def _class_off_words(message: Message) -> MessageText:
    facts = _class_words(message)
    return MessageText(
        _("“%(title)s”取消了") % facts,
        _("原定%(day)s开班的“%(title)s”取消了，请不要来。原因：%(why)s。您可以看看别的班。") % facts,
    )


def _class_is_off(message: Message, at: dt.datetime) -> bool:
    return TrainingClass.objects.filter(pk=message.subject_id, state=ClassState.CANCELLED).exists()


def _class_link(message: Message) -> str:
    """A learner sees her own enrolment, staff the class at the desk."""
    if message.person_id is not None:
        return reverse("caravan:enrolment", args=[message.about["enrolment"]])
    return reverse("caravan:teach_class", args=[message.about["class_no"]])


for _name, _label, _words, _due in (
    ("session_moved", gettext_lazy("课改了时间或地点"), _moved_words, _session_stands),
    ("session_cancelled", gettext_lazy("课取消了"), _cancelled_words, _session_is_off),
    ("class_moved", gettext_lazy("班级改了日期"), _class_moved_words, _class_stands),
    ("class_cancelled", gettext_lazy("班级取消了"), _class_off_words, _class_is_off),
):
    register_kind(
        MessageKind(
            _name,
            _label,
            words=_words,
            still_due=_due,
            link=_class_link,
            why_necessary=_DO_NOT_COME_IN_VAIN,
        )
    )


# The organiser's office ----------------------------------------------------------------------------


def _filed_words(message: Message) -> MessageText:
    facts = _class_words(message)
    return MessageText(
        _("“%(title)s”备案通过了") % facts, _("“%(title)s”已经备案，可以收人了。%(day)s开班。") % facts
    )


def _returned_words(message: Message) -> MessageText:
    facts = _class_words(message)
    return MessageText(
        _("“%(title)s”的备案退回来了") % facts,
        _("“%(title)s”的备案退回修改：%(why)s") % facts,
    )


def _still_filed(message: Message, at: dt.datetime) -> bool:
    return TrainingClass.objects.filter(pk=message.about["class_pk"], state__in=sorted(_LIVE)).exists()


def _still_returned(message: Message, at: dt.datetime) -> bool:
    return TrainingClass.objects.filter(pk=message.about["class_pk"], state=ClassState.RETURNED).exists()


def _office_link(message: Message) -> str:
    return reverse("classes:inspect", args=[message.about["class_pk"]])


register_kind(
    MessageKind(
        "class_filed",
        gettext_lazy("开班备案通过"),
        words=_filed_words,
        still_due=_still_filed,
        link=_office_link,
        for_staff=True,
    )
)
register_kind(
    MessageKind(
        "class_returned",
        gettext_lazy("开班备案退回"),
        words=_returned_words,
        still_due=_still_returned,
        link=_office_link,
        for_staff=True,
    )
)
