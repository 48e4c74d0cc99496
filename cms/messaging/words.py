"""Messages in words: rendered from their facts when they are read or sent, in the reader's language."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from cms.messaging.kinds import MessageText, link_of, message_kinds
from cms.models import Message

MAX_SMS = 500


def text_of(message: Message) -> MessageText:
    """Return title and body in the active language."""
    if message.kind not in message_kinds:
        # Queued by a newer version during a deployment, or by a kind that is gone.
        return MessageText(_("一条消息"), _("这条消息现在显示不了，请打电话问一下。"))
    return message_kinds.get(message.kind).words(message)


def sms_of(message: Message) -> str:
    """Return the text for a phone; several people may share it, so it says whom it is for."""
    body = text_of(message).body
    if message.person is not None:
        body = _("%(name)s：%(body)s") % {"name": message.person.legal_name, "body": body}
    return body[:MAX_SMS]


def mail_of(message: Message) -> MessageText:
    """Return subject and body of an e-mail, with the address of the page."""
    text = text_of(message)
    parts = [text.body]
    if message.person is not None:
        parts.insert(0, _("%(name)s，您好：") % {"name": message.person.legal_name})
    if link := link_of(message):
        parts.append(f"{settings.PUBLIC_URL}{link}")
    parts.append(_("这封邮件是系统发的，请不要回复。哪些消息发给您，可以在“消息设置”里改。"))
    return MessageText(" ".join(text.title.split()), "\n\n".join(parts) + "\n")


def moment_in(about: dict[str, Any], name: str) -> dt.datetime:
    """Return a moment that was kept in ``about`` as ISO text; raise ``KeyError`` without it."""
    return dt.datetime.fromisoformat(about[name])


def day_in(about: dict[str, Any], name: str) -> dt.date:
    """Return a day that was kept in ``about`` as ISO text; raise ``KeyError`` without it."""
    return dt.date.fromisoformat(about[name])
