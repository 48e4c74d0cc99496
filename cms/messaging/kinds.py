"""What an app says about a kind of message, and the list of all kinds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from cms.enums import Channel
from cms.models import Message, User
from cms.registry import Registry


@dataclass(frozen=True)
class MessageText:
    """The words of one message in one language: a line and a sentence or two."""

    title: str
    body: str


def always(message: Message, at: dt.datetime) -> bool:
    """What happened has happened: it stays worth telling."""
    return True


@dataclass(frozen=True)
class MessageKind:
    """A kind of message.

    ``words`` writes title and body from ``message.about`` in the active language; they never hold a
    document number, and a person's name only where the reader must know whom it concerns.
    ``still_due`` is asked again before the message is posted and before each sending.
    ``link`` returns the path of the page where the thing is done, or an empty string.
    ``channels`` are tried in their order until one takes the message; the inbox on the site always has it.
    ``why_necessary`` says in words why nobody may switch the kind off; empty: everybody may.
    ``is_wanted_by_default`` is the answer for those who chose nothing.
    ``keeps_quiet_hours``: text and e-mail wait until the morning.
    ``for_staff``: told to accounts for their work; else to learners.
    """

    name: str
    label: str | Promise
    words: Callable[[Message], MessageText]
    still_due: Callable[[Message, dt.datetime], bool] = always
    link: Callable[[Message], str] | None = None
    channels: tuple[Channel, ...] = (Channel.SMS, Channel.EMAIL)
    why_necessary: str | Promise = ""
    is_wanted_by_default: bool = True
    keeps_quiet_hours: bool = True
    for_staff: bool = False

    @property
    def is_necessary(self) -> bool:
        """Whether it goes out whatever people chose."""
        return bool(self.why_necessary)


message_kinds: Registry[MessageKind] = Registry("message kinds")


def register_kind(kind: MessageKind) -> MessageKind:
    """Add a kind under its name; raise ``ValueError`` when an app took it before."""
    return message_kinds.register(kind.name, kind)


def kinds_for(user: User) -> list[MessageKind]:
    """Return the kinds an account may get: those of learners, and those of staff for who has a role."""
    is_staff = user.scope().everything or bool(user.live_roles())
    return [kind for kind in message_kinds if is_staff or not kind.for_staff]


def link_of(message: Message) -> str:
    """Return where the reader of ``message`` goes on, or an empty string."""
    if message.kind not in message_kinds:
        return ""
    link = message_kinds.get(message.kind).link
    return link(message) if link is not None else ""


def label_of(kind: str) -> Any:
    """Return the kind in words, or its name where an older version queued it."""
    return message_kinds.get(kind).label if kind in message_kinds else kind
