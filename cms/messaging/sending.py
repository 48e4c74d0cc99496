"""Hand over what is due to text and mail gateways: attempt on record, then the call, then what came of it.

A text is sent at most once: the row says "sending" and is committed before the gateway is asked, and a
row whose worker vanished in between becomes "unknown" and is sent again only by somebody who decides it.
An e-mail is sent at least once: it is tried again under the same Message-ID.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import F
from django.utils import translation

from cms.enums import DELIVERY_MOVES, Channel, DeliveryState, MessageState
from cms.messaging import mail
from cms.messaging.gateways import SmsRefusedError, SmsTroubleError, SmsUnclearError, sms_gateway
from cms.messaging.kinds import MessageKind, message_kinds
from cms.messaging.posting import plan_ways, post_due
from cms.messaging.quiet import after_quiet, quiet_rules
from cms.messaging.recipients import Recipient, masked, recipient_of, why_not
from cms.messaging.words import mail_of, sms_of
from cms.models import Delivery, Message, QuietHours

logger = logging.getLogger(__name__)

BACKOFF = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120))
# Longer than a whole round with its last slow answer.
LOST_AFTER = dt.timedelta(minutes=10)
ROUND_SECONDS = 60
BATCH = 200


@dataclass(frozen=True)
class Result:
    """What became of one attempt; ``QUEUED`` means: not taken, try again later."""

    state: DeliveryState
    reason: str = ""
    gateway_id: str = ""


def deliver_due(at: dt.datetime) -> int:
    """Post what is due and send what is queued; return how many attempts were made. Safe to run beside itself."""
    post_due(at)
    settle_lost(at)
    return send_due(at)


def send_due(at: dt.datetime, *, limit: int = BATCH) -> int:
    """Try every queued delivery whose time has come, for at most a minute; return how many were tried."""
    rules = quiet_rules()
    due = Delivery.objects.filter(
        state=DeliveryState.QUEUED, next_try_at__lte=at, kind__in=message_kinds.keys()
    )
    stop = time.monotonic() + ROUND_SECONDS
    tried = 0
    for delivery in due.order_by("next_try_at", "pk")[:limit]:
        if time.monotonic() > stop:
            break
        try:
            tried += _try(delivery, rules, at)
        except Exception:  # whatever it is, the others go on and this one is set back
            logger.exception("delivery %s (%s) could not be tried", delivery.pk, delivery.kind)
            _set_back(delivery, at)
    return tried


def settle_lost(at: dt.datetime) -> int:
    """Decide what vanished in the middle of an attempt; return how many.

    Nobody knows whether a text left, so it stays unknown; an e-mail goes out again.
    """
    lost = Delivery.objects.filter(state=DeliveryState.SENDING, next_try_at__lt=at)
    count = 0
    for delivery in lost.order_by("pk")[:BATCH]:
        again = delivery.channel == Channel.EMAIL
        result = Result(DeliveryState.QUEUED if again else DeliveryState.UNKNOWN, "interrupted")
        count += _finish(delivery, result, quiet_rules(), at)
    return count


def _set_back(delivery: Delivery, at: dt.datetime) -> None:
    """Count a try that broke before the gateway was asked: the row cannot hold up the others for ever."""
    rows = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.QUEUED)
    if delivery.tries >= len(BACKOFF):
        rows.update(state=DeliveryState.SKIPPED, reason="fault", finished_at=at, next_try_at=None)
    else:
        rows.update(tries=F("tries") + 1, next_try_at=at + BACKOFF[delivery.tries])


def _try(delivery: Delivery, rules: Sequence[QuietHours], at: dt.datetime) -> bool:
    message = Message.objects.filter(pk=delivery.message_id).select_related("person", "user").first()
    kind = message_kinds.get(delivery.kind)
    if message is None or message.state != MessageState.POSTED or not kind.still_due(message, at):
        _skip(delivery, "not_due", at)
        return False
    if kind.keeps_quiet_hours and (later := after_quiet(at, rules, message.region_code)) > at:
        Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.QUEUED).update(next_try_at=later)
        return False
    recipient, channel = recipient_of(message), Channel(delivery.channel)
    if reason := why_not(kind, recipient, channel):
        with transaction.atomic():
            _skip(delivery, reason, at)
            plan_ways(message, kind, _after(kind, channel), rules=rules, at=at)
        return False
    if not _begin(delivery, masked(channel, recipient.address(channel)), at):
        return False
    delivery.refresh_from_db()
    _finish(delivery, _hand_over(delivery, message, recipient), rules, at)
    return True


def _skip(delivery: Delivery, reason: str, at: dt.datetime) -> None:
    Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.QUEUED).update(
        state=DeliveryState.SKIPPED, reason=reason, finished_at=at, next_try_at=None
    )


def _begin(delivery: Delivery, address: str, at: dt.datetime) -> bool:
    """Take the row for this attempt and commit it; of two workers one gets it."""
    with transaction.atomic(durable=True):
        taken = Delivery.objects.filter(
            pk=delivery.pk, state=DeliveryState.QUEUED, next_try_at__lte=at
        ).update(
            state=DeliveryState.SENDING,
            tries=F("tries") + 1,
            attempted_at=at,
            next_try_at=at + LOST_AFTER,
            address_masked=address,
            reason="",
        )
    return taken == 1


def _hand_over(delivery: Delivery, message: Message, recipient: Recipient) -> Result:
    channel = Channel(delivery.channel)
    with translation.override(recipient.language):
        if channel == Channel.SMS:
            return _send_sms(recipient.phone, sms_of(message))
        text = mail_of(message)
        return _send_mail(recipient.email, text.title, text.body, str(delivery.pk))


def _send_sms(phone: str, text: str) -> Result:
    try:
        gateway = sms_gateway()
        if gateway is None:
            return Result(DeliveryState.REFUSED, "no_gateway")
        receipt = gateway.send(phone, text)
    except SmsTroubleError as error:
        return Result(DeliveryState.QUEUED, error.code)
    except SmsUnclearError as error:
        return Result(DeliveryState.UNKNOWN, error.code)
    except SmsRefusedError as error:
        return Result(DeliveryState.REFUSED, error.code)
    except (ImproperlyConfigured, ImportError) as error:
        logger.error("the text-message gateway is not set up: %s", error)
        return Result(DeliveryState.QUEUED, "not_set_up")
    except Exception as error:  # noqa: BLE001  any gateway class; its trace may hold phone and text
        logger.error("the text-message gateway broke: %s", type(error).__name__)
        return Result(DeliveryState.UNKNOWN, "fault")
    return Result(DeliveryState.SENT, gateway_id=receipt.gateway_id[:100])


def _send_mail(address: str, subject: str, body: str, reference: str) -> Result:
    try:
        mail.send(address, subject, body, reference)
    except mail.MailRefusedError as error:
        return Result(DeliveryState.REFUSED, error.code)
    except mail.MailTroubleError as error:
        return Result(DeliveryState.QUEUED, error.code)
    return Result(DeliveryState.SENT, gateway_id=reference)


@transaction.atomic
def _finish(delivery: Delivery, result: Result, rules: Sequence[QuietHours], at: dt.datetime) -> bool:
    """Write down what came of the attempt; where it failed for good, the next channel has its turn."""
    state, reason = result.state, result.reason
    if state == DeliveryState.QUEUED and delivery.tries > len(BACKOFF):
        state, reason = DeliveryState.REFUSED, f"gave_up {reason}"
    if state not in DELIVERY_MOVES[DeliveryState.SENDING]:
        raise ValueError(f"an attempt cannot end as {state}")
    again = state == DeliveryState.QUEUED
    ended = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.SENDING, tries=delivery.tries).update(
        state=state,
        reason=reason[:60],
        gateway_id=result.gateway_id,
        finished_at=None if again else at,
        next_try_at=at + BACKOFF[min(delivery.tries, len(BACKOFF)) - 1] if again else None,
    )
    if ended == 1 and state in {DeliveryState.REFUSED, DeliveryState.UNKNOWN}:
        _go_on(delivery, rules, at)
    return ended == 1


def _go_on(delivery: Delivery, rules: Sequence[QuietHours], at: dt.datetime) -> None:
    message = Message.objects.filter(pk=delivery.message_id).select_related("person", "user").first()
    if message is None or delivery.kind not in message_kinds:
        return
    kind = message_kinds.get(delivery.kind)
    plan_ways(message, kind, _after(kind, Channel(delivery.channel)), rules=rules, at=at)


def _after(kind: MessageKind, channel: Channel) -> Sequence[Channel]:
    """Return the channels that are tried after ``channel``."""
    if channel not in kind.channels:
        return ()
    return kind.channels[kind.channels.index(channel) + 1 :]
