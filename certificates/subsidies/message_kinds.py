"""What is told about claims; registered by import."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.subsidies.enums import ClaimState
from certificates.subsidies.models import Claim
from cms.enums import Channel
from cms.messaging import MessageKind, MessageText, day_in, register_kind
from cms.models import Message
from cms.ui import dates

_GRANTED = frozenset({ClaimState.NOTICE, ClaimState.PAYABLE, ClaimState.PAID})


def _facts(message: Message) -> dict[str, str]:
    about = message.about
    return {
        "scheme": about["scheme"],
        "number": about["number"],
        "name": about.get("name", ""),
        "why": about["why"],
        "until": dates.day(day_in(about, "notice_until")) if about["notice_until"] else "",
    }


def _person_words(message: Message) -> MessageText:
    facts = _facts(message)
    if message.about["is_met"]:
        return MessageText(
            _("“%(scheme)s”审核通过，正在公示") % facts,
            _("为您申报的“%(scheme)s”审核通过了，公示到 %(until)s。公示没有异议，再办拨付。") % facts,
        )
    return MessageText(
        _("“%(scheme)s”没有通过") % facts,
        _("为您申报的“%(scheme)s”没有通过。原因：%(why)s 有疑问可以问申报的单位或当地窗口。") % facts,
    )


def _office_words(message: Message) -> MessageText:
    facts = _facts(message)
    if message.about["is_met"]:
        return MessageText(
            _("申领 %(number)s 审核通过") % facts,
            _("%(name)s的“%(scheme)s”（%(number)s）审核通过，公示到 %(until)s。") % facts,
        )
    return MessageText(
        _("申领 %(number)s 被驳回") % facts,
        _("%(name)s的“%(scheme)s”（%(number)s）被驳回。原因：%(why)s") % facts,
    )


def _still_decided(message: Message, at: dt.datetime) -> bool:
    states = _GRANTED if message.about["is_met"] else {ClaimState.REJECTED}
    return Claim.objects.filter(pk=message.subject_id, state__in=sorted(states)).exists()


register_kind(
    MessageKind(
        "claim_decided",
        gettext_lazy("补贴审核有了结果"),
        words=_person_words,
        still_due=_still_decided,
        link=lambda message: reverse("account:home"),
        why_necessary=gettext_lazy("这是关系到您的钱的决定，要让您知道，所以一定会发。"),
    )
)
register_kind(
    MessageKind(
        "claim_answered",
        gettext_lazy("申报的补贴有了结果"),
        words=_office_words,
        still_due=_still_decided,
        link=lambda message: reverse("certificates_claim:inspect", args=[message.subject_id]),
        channels=(Channel.EMAIL,),
        for_staff=True,
    )
)
