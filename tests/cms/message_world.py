"""A kind of message of its own, a gateway that remembers, and somebody to tell."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import get_language

from cms.enums import AccountProof, AccountRelation, Channel
from cms.messaging import MessageKind, MessageText, queue_message
from cms.messaging.gateways import SmsReceipt
from cms.models import Delivery, Message, Organisation, Person, PersonAccount, User

CHINA = ZoneInfo("Asia/Shanghai")
PLACE = "990101002000"
GATEWAY = "tests.cms.message_world.Gateway"


def moment(day: int, hour: int = 10, minute: int = 0) -> dt.datetime:
    """A moment of March 2026, local."""
    return dt.datetime(2026, 3, day, hour, minute, tzinfo=CHINA)


NOON = moment(2, 12)


class Gateway:
    """Remembers what it was given; ``answers`` are raised or skipped one after another."""

    sent: list[tuple[str, str]] = []
    answers: list[Exception] = []

    def send(self, phone: str, text: str) -> SmsReceipt:
        Gateway.sent.append((phone, text))
        if Gateway.answers:
            raise Gateway.answers.pop(0)
        return SmsReceipt(f"G{len(Gateway.sent)}")


def words(message: Message) -> MessageText:
    if get_language() == "en":
        return MessageText("The van comes", f"The van comes on {message.about['day']}.")
    return MessageText("车来了", f"大篷车{message.about['day']}到村里。")


def make_kind(name: str = "van_comes", **facts: Any) -> MessageKind:
    values: dict[str, Any] = {"label": "车来了", "words": words} | facts
    return MessageKind(name, **values)


def make_organisation(name: str = "星河县家政培训学校", **facts: Any) -> Organisation:
    values = {"short_code": f"T{Organisation.objects.count()}", "region_code": PLACE} | facts
    return Organisation.objects.create(name=name, **values)


def make_learner(name: str = "王桂花", phone: str = "13900000417", **account: Any) -> tuple[Person, User]:
    person = Person.objects.create(legal_name=name, phone=phone)
    user = User.objects.create(username=f"learner{person.pk}", **account)
    bind(user, person)
    return person, user


def make_person(name: str = "李小红", phone: str = "13900000418") -> Person:
    """Somebody without an account."""
    return Person.objects.create(legal_name=name, phone=phone)


def bind(user: User, person: Person, relation: AccountRelation = AccountRelation.SELF) -> None:
    PersonAccount.objects.create(
        user=user, person=person, relation=relation, proof=AccountProof.SLIP, since=NOON
    )


def tell(kind: str, subject: Organisation, person: Person, **facts: Any) -> None:
    values: dict[str, Any] = {
        "about": {"day": "3月14日"},
        "organisation": subject,
        "by": None,
        "at": NOON,
    } | facts
    queue_message(kind, subject=subject, person=person, **values)


def way(channel: Channel) -> Delivery:
    return Delivery.objects.get(channel=channel)
