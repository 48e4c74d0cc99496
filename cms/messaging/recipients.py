"""To whom a message goes: address, language and choices, all read at the moment of sending."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from cms.enums import AccountRelation, Channel
from cms.errors import DomainError
from cms.messaging.kinds import MessageKind
from cms.models import Message, MessageChoice, MessageLanguage, PersonAccount, User
from cms.phones import check_phone, normalise_phone


@dataclass(frozen=True)
class Recipient:
    """Who is written to: the account that decides for itself, if there is one, and the ways to reach it."""

    user: User | None
    phone: str
    email: str
    language: str

    def address(self, channel: Channel) -> str:
        """Return the address by ``channel``, or an empty string."""
        return self.phone if channel == Channel.SMS else self.email


def recipient_of(message: Message) -> Recipient:
    """Read the recipient of a message with ``person`` and ``user`` joined (at most two queries).

    A person's text goes to the person's phone, which others may share; a helper's account never gets
    it by text or e-mail, it has the inbox.
    """
    user = message.user
    phone = user.phone or "" if user else ""
    if message.person is not None:
        own = PersonAccount.objects.filter(
            person=message.person, relation=AccountRelation.SELF, until__isnull=True
        )
        link = own.select_related("user").first()
        user = link.user if link else None
        phone = message.person.phone or (user.phone or "" if user else "")
    language = MessageLanguage.objects.filter(user=user).first() if user else None
    return Recipient(
        user=user if user is None or user.is_active else None,
        phone=_mobile(phone),
        email=(user.email or "") if user and user.is_active else "",
        language=language.language if language else settings.LANGUAGE_CODE,
    )


def _mobile(written: str) -> str:
    """Return a mobile number fit for a text, or an empty string: a village switchboard takes none."""
    phone = normalise_phone(written)
    try:
        check_phone(phone, mobile=True)
    except DomainError:
        return ""
    return phone


def why_not(kind: MessageKind, recipient: Recipient, channel: Channel) -> str:
    """Return the code of what keeps ``channel`` from being used, or an empty string."""
    if not channel_is_ready(channel):
        return "no_gateway"
    if not wants(kind, recipient.user, channel):
        return "opted_out"
    return "" if recipient.address(channel) else "no_address"


def channel_is_ready(channel: Channel) -> bool:
    """Say whether this installation can send by ``channel`` at all."""
    if channel == Channel.SMS:
        return bool(settings.SMS_GATEWAY)
    return bool(settings.SENDS_EMAIL)


def wants(kind: MessageKind, user: User | None, channel: Channel) -> bool:
    """Say whether the account takes this kind by this channel; who has none takes the default."""
    if kind.is_necessary:
        return True
    chosen = (
        MessageChoice.objects.filter(user=user, kind=kind.name, channel=channel).first() if user else None
    )
    return chosen.is_wanted if chosen else kind.is_wanted_by_default


def masked(channel: Channel, address: str) -> str:
    """Return an address as the log shows it: enough to recognise a wrong one, too little to use.

    >>> masked(Channel.SMS, "13900000417")
    '139******17'
    """
    if channel == Channel.SMS:
        return f"{address[:3]}{'*' * (len(address) - 5)}{address[-2:]}"
    name, _at, host = address.partition("@")
    return f"{name[:1]}***@{host}"[:80]
