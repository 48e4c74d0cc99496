"""Kinds of message of the ground, and what waits for staff about messages; registered by import."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.backoffice.messages import failed_deliveries, unread_messages
from cms.backoffice.todo import todos
from cms.enums import Channel, DataRequestKind, DataRequestState, JobState
from cms.messaging import MessageKind, MessageText, register_kind
from cms.models import Job, Message
from cms.services.data_requests import ANSWERED
from cms.ui.dates import full_date


def _job_words(message: Message) -> MessageText:
    about = message.about
    title = str(about["title"])
    if about["state"] == JobState.DONE:
        return MessageText(
            _("%(title)s：办好了") % {"title": title},
            _("“%(title)s”办好了，一共 %(total)s 项，没有通过的 %(refused)s 项。")
            % {"title": title, "total": about["total"], "refused": about["refused"]},
        )
    return MessageText(
        _("%(title)s：没有办完") % {"title": title},
        _("“%(title)s”没有办完。%(why)s") % {"title": title, "why": about["why"]},
    )


def _job_still_over(message: Message, at: dt.datetime) -> bool:
    """A job that was resumed is not over; its end will be told again."""
    return Job.objects.filter(pk=message.subject_id, state=message.about["state"]).exists()


register_kind(
    MessageKind(
        "job_finished",
        gettext_lazy("后台任务办完了（花名册检查、导入、批量发证等）"),
        words=_job_words,
        still_due=_job_still_over,
        link=lambda message: reverse("caravan_job", args=[message.subject_id]),
        channels=(Channel.EMAIL,),
        # Whoever starts a job mostly waits for it; who prefers a mail switches it on.
        is_wanted_by_default=False,
        for_staff=True,
    )
)


def _request_words(message: Message) -> MessageText:
    kind = DataRequestKind(message.about["kind"])
    state = DataRequestState(message.about["state"])
    title = _("您的更正申请有答复了") if kind == DataRequestKind.CORRECTION else _("您的删除申请有答复了")
    if "erase_on" in message.about:
        day = full_date(dt.date.fromisoformat(message.about["erase_on"]))
        body = _("%(state)s。%(day)s删除并关闭账号，在那以前可以撤回。") % {"state": state.label, "day": day}
    else:
        body = _("%(state)s。打开看看为什么。") % {"state": state.label}
    return MessageText(title, body)


register_kind(
    MessageKind(
        ANSWERED,
        gettext_lazy("更正、删除申请的答复"),
        words=_request_words,
        link=lambda message: reverse("account:data"),
        why_necessary=gettext_lazy("这是您问的事，答复要让您知道。"),
    )
)
todos.register("unread_messages", unread_messages)
todos.register("failed_deliveries", failed_deliveries)
