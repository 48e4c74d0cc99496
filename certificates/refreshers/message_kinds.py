"""What is told about the refresher; registered by import."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.refreshers.reading import person_status
from certificates.refreshers.reminders import step_on
from certificates.refreshers.services.reminding import KIND
from cms.messaging import MessageKind, MessageText, day_in, register_kind
from cms.models import Message
from cms.ui import dates


def _words(message: Message) -> MessageText:
    facts = {"day": dates.day(day_in(message.about, "due_on"))}
    if message.about["step"] == 0:
        return MessageText(
            _("回炉到期了"),
            _("您的回炉最晚是%(day)s。还没有参加的，请马上看看附近哪里能上，或者打电话问培训单位。") % facts,
        )
    return MessageText(
        _("该回炉了，最晚%(day)s") % facts,
        _("您最晚要在%(day)s以前回炉一次。附近哪里能上，网站上看得到，也可以打电话问培训单位。") % facts,
    )


def _still_owed(message: Message, at: dt.datetime) -> bool:
    """The worker still owes it by the same day, and no later step has overtaken this one."""
    if message.person is None:
        return False
    on = timezone.localdate(at)
    status = person_status(message.person, on)
    if status is None or status.due_on is None or status.due_on != day_in(message.about, "due_on"):
        return False
    return bool(step_on(status.due_on, on) == message.about["step"])


register_kind(
    MessageKind(
        KIND,
        gettext_lazy("回炉提醒（到期前 90 天、30 天和当天）"),
        words=_words,
        still_due=_still_owed,
        link=lambda message: reverse("account:home"),
    )
)
