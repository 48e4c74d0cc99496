"""Post what is due to the inbox, and plan the ways by which it leaves the system."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F

from cms.enums import Channel, DeliveryState, MessageState
from cms.messaging.kinds import MessageKind, message_kinds
from cms.messaging.quiet import after_quiet, quiet_rules
from cms.messaging.recipients import Recipient, recipient_of, why_not
from cms.models import Delivery, Message, PersonAccount, QuietHours

logger = logging.getLogger(__name__)

MAX_TRIES = 3
TRY_AGAIN = dt.timedelta(minutes=5)


def post_due(at: dt.datetime, *, limit: int = 500) -> int:
    """Post every message that is due and still true; return how many.

    A message that became untrue is withdrawn without a word. One that cannot be written is tried three
    times and then set aside as failed, so that it never holds up the others.
    """
    rules = quiet_rules()
    due = Message.objects.filter(
        state=MessageState.QUEUED, due_at__lte=at, kind__in=message_kinds.keys()
    ).select_related("person", "user")
    posted = 0
    for message in due.order_by("due_at", "pk")[:limit]:
        try:
            posted += _post(message, rules, at)
        except Exception:  # whatever it is, the others go on and this one is set back
            logger.exception("message %s (%s) could not be posted", message.pk, message.kind)
            _set_back(message, at)
    return posted


@transaction.atomic
def _post(message: Message, rules: Sequence[QuietHours], at: dt.datetime) -> bool:
    """Take the row, look once more, post; another worker that comes late finds nothing to do."""
    taken = Message.objects.filter(pk=message.pk, state=MessageState.QUEUED)
    if taken.update(state=MessageState.POSTED, posted_at=at) != 1:
        return False
    kind = message_kinds.get(message.kind)
    if not kind.still_due(message, at):
        Message.objects.filter(pk=message.pk).update(state=MessageState.WITHDRAWN, posted_at=None)
        return False
    note_in_site(message, at)
    plan_ways(message, kind, kind.channels, rules=rules, at=at)
    return True


def _set_back(message: Message, at: dt.datetime) -> None:
    state = MessageState.FAILED if message.tries + 1 >= MAX_TRIES else MessageState.QUEUED
    Message.objects.filter(pk=message.pk, state=MessageState.QUEUED).update(
        state=state, tries=F("tries") + 1, due_at=at + TRY_AGAIN
    )


def note_in_site(message: Message, at: dt.datetime) -> None:
    """Write down that the inbox has it, or that nobody has an inbox to read it in."""
    has_inbox = (
        message.user_id is not None
        or PersonAccount.objects.filter(person=message.person, until__isnull=True).exists()
    )
    row = new_delivery(message, Channel.IN_SITE, at)
    row.state = DeliveryState.SENT if has_inbox else DeliveryState.SKIPPED
    row.reason = "" if has_inbox else "no_account"
    row.finished_at = at
    row.save(force_insert=True)


def plan_ways(
    message: Message,
    kind: MessageKind,
    channels: Sequence[Channel],
    *,
    rules: Sequence[QuietHours],
    at: dt.datetime,
) -> None:
    """Queue the first of ``channels`` that can be used; those before it stand in the log with the reason."""
    recipient: Recipient | None = None
    rows = []
    for channel in channels:
        recipient = recipient or recipient_of(message)
        row = new_delivery(message, channel, at)
        rows.append(row)
        row.reason = why_not(kind, recipient, channel)
        if not row.reason:
            row.next_try_at = after_quiet(at, rules, message.region_code) if kind.keeps_quiet_hours else at
            break
        row.state, row.finished_at = DeliveryState.SKIPPED, at
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)


def new_delivery(message: Message, channel: Channel, at: dt.datetime) -> Delivery:
    """Return an unsaved row of the log."""
    return Delivery(
        message_id=message.pk,
        kind=message.kind,
        person_id=message.person_id,
        user_id=message.user_id,
        organisation_id=message.organisation_id,
        region_code=message.region_code,
        channel=channel,
        queued_at=at,
    )
