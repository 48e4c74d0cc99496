"""What is told about claims; registered by import."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.subsidies.enums import Beneficiary, ClaimState, RecoveryReason
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


# Money ------------------------------------------------------------------------------------------

_STATES_OF_MONEY = {
    "paid": ClaimState.PAID,
    "failed": ClaimState.PAYMENT_FAILED,
    "recovering": ClaimState.RECOVERING,
}


def _money_facts(message: Message) -> dict[str, str]:
    about = message.about
    return {
        "scheme": about["scheme"],
        "number": about["number"],
        "name": about.get("name", ""),
        "day": dates.day(day_in(about, "day")) if about.get("day") else "",
        "why": _why(about),
        "who": str(Beneficiary(about["beneficiary"]).label),
    }


def _why(about: dict[str, str]) -> str:
    if about["what"] == "recovering":
        return str(RecoveryReason(about["why"]).label)
    return about.get("why", "").rstrip("。.")


def _person_money(message: Message) -> MessageText:
    facts, what = _money_facts(message), message.about["what"]
    if what == "paid" and message.about["beneficiary"] == Beneficiary.PERSON:
        return MessageText(
            _("“%(scheme)s”拨付了") % facts,
            _("您的“%(scheme)s”%(day)s拨付了。过几天还没到账，请问当地窗口，报申领号 %(number)s。") % facts,
        )
    if what == "paid":
        return MessageText(
            _("“%(scheme)s”拨付给%(who)s了") % facts,
            _("凭您的证书申报的“%(scheme)s”%(day)s拨付给%(who)s了。您没有参加过培训的话，请告诉当地窗口。")
            % facts,
        )
    if what == "failed":
        return MessageText(
            _("“%(scheme)s”没有拨成") % facts,
            _("您的“%(scheme)s”没有拨成。原因：%(why)s。请联系申报的单位或当地窗口更正，改好了再拨。")
            % facts,
        )
    return MessageText(
        _("“%(scheme)s”要退回") % facts,
        _("您领的“%(scheme)s”要退回。原因：%(why)s。怎么退，当地窗口会通知您；有不同意见也请问窗口。")
        % facts,
    )


def _office_money(message: Message) -> MessageText:
    facts = _money_facts(message)
    if message.about["what"] == "failed":
        return MessageText(
            _("申领 %(number)s 没有拨成") % facts,
            _("%(name)s的“%(scheme)s”（%(number)s）没有拨成。原因：%(why)s。请核对收款资料，告诉补贴专员。")
            % facts,
        )
    return MessageText(
        _("申领 %(number)s 要追回") % facts,
        _("%(name)s的“%(scheme)s”（%(number)s）要追回。原因：%(why)s。") % facts,
    )


def _money_still_so(message: Message, at: dt.datetime) -> bool:
    state = _STATES_OF_MONEY[message.about["what"]]
    return Claim.objects.filter(pk=message.subject_id, state=state).exists()


register_kind(
    MessageKind(
        "payment_told",
        gettext_lazy("补贴拨付、没有拨成和退回"),
        words=_person_money,
        still_due=_money_still_so,
        link=lambda message: reverse("account:home"),
        why_necessary=gettext_lazy("这是关系到您的钱的事，要让您知道，所以一定会发。"),
    )
)
register_kind(
    MessageKind(
        "payment_answered",
        gettext_lazy("申报的补贴没有拨成或要追回"),
        words=_office_money,
        still_due=_money_still_so,
        link=lambda message: reverse("certificates_claim:inspect", args=[message.subject_id]),
        channels=(Channel.EMAIL,),
        for_staff=True,
    )
)
