"""What people and offices do about messages: read, choose, send again, keep quiet hours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from cms import audit
from cms.enums import DELIVERY_MOVES, Channel, DeliveryState, MessageState
from cms.errors import DomainError
from cms.messaging.kinds import kinds_for
from cms.messaging.quiet import after_quiet, quiet_rules
from cms.models import (
    Delivery,
    Message,
    MessageChoice,
    MessageLanguage,
    MessageRead,
    QuietHours,
    Region,
    User,
)
from cms.ui.dates import full_date

Choices = Mapping[tuple[str, Channel], bool]


def read_messages(messages: Iterable[Message], *, by: User, at: dt.datetime) -> None:
    """Note that the account has read these messages; again changes nothing.

    Reading is no change of a fact, so it leaves no audit entry.
    """
    rows = [MessageRead(user=by, message_id=message.pk, read_at=at) for message in messages]
    MessageRead.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)


@transaction.atomic
def choose_messages(user: User, choices: Choices, *, language: str, by: User, at: dt.datetime) -> None:
    """Keep which optional kinds the account wants by which channel, and its language.

    Raises ``DomainError`` ``kind_necessary`` for a kind that nobody may switch off, ``language_unknown``.
    """
    if language not in dict(settings.LANGUAGES):
        raise DomainError("language_unknown", _("没有这种语言，请重新选。"), field="language")
    open_to = {kind.name: kind for kind in kinds_for(user)}
    for name, _channel in choices:
        if name not in open_to or open_to[name].is_necessary:
            raise DomainError("kind_necessary", _("这种消息不能不收。"))
    MessageChoice.objects.bulk_create(
        [
            MessageChoice(user=user, kind=name, channel=channel, is_wanted=wanted, chosen_at=at)
            for (name, channel), wanted in choices.items()
        ],
        update_conflicts=True,
        unique_fields=["user", "kind", "channel"],
        update_fields=["is_wanted", "chosen_at"],
    )
    MessageLanguage.objects.update_or_create(user=user, defaults={"language": language})
    refused = sorted(f"{name}/{channel}" for (name, channel), wanted in choices.items() if not wanted)
    audit.record("messages.choose", user, by=by, at=at, refused=refused, language=language)


@transaction.atomic
def retry_delivery(delivery: Delivery, *, by: User, at: dt.datetime) -> Delivery:
    """Let a refused or unknown delivery go out once more, at the earliest after the quiet hours.

    Raises ``DomainError`` ``delivery_state``, or ``message_withdrawn`` when it is no longer true.
    """
    delivery = Delivery.objects.select_for_update(of=("self",)).get(pk=delivery.pk)
    out = delivery.channel != Channel.IN_SITE
    if not out or DeliveryState.QUEUED not in DELIVERY_MOVES[delivery.state]:
        raise DomainError("delivery_state", _("只有被退回、或不知是否送到的短信和邮件，才能再发一次。"))
    if not Message.objects.filter(pk=delivery.message_id, state=MessageState.POSTED).exists():
        raise DomainError("message_withdrawn", _("这条消息已经作废，不用再发。"))
    before = delivery.state
    delivery.state, delivery.reason, delivery.tries = DeliveryState.QUEUED, "", 0
    delivery.finished_at = None
    delivery.next_try_at = after_quiet(at, quiet_rules(), delivery.region_code)
    delivery.save(update_fields=["state", "reason", "tries", "finished_at", "next_try_at"])
    audit.record(
        "delivery.retry", delivery, by=by, at=at, for_person=delivery.person, kind=delivery.kind,
        channel=delivery.channel, old=before,
    )  # fmt: skip
    return delivery


@transaction.atomic
def save_quiet_hours(
    region: Region,
    *,
    starts: dt.time,
    ends: dt.time,
    valid_from: dt.date,
    valid_until: dt.date | None,
    document: str = "",
    by: User | None,
    at: dt.datetime,
) -> QuietHours:
    """Add quiet hours for a region; equal times mean none.

    Refuses ``rule_order`` (ends before it starts) and ``rule_overlap``; rules are added, never changed.
    """
    if valid_until is not None and valid_until < valid_from:
        raise DomainError("rule_order", _("停用日期不能早于启用日期。"), field="valid_until")
    # The region's row is the lock: two rules saved at once cannot both find the time free.
    region = Region.objects.select_for_update().get(pk=region.pk)
    _refuse_overlap(region, valid_from, valid_until)
    rule = QuietHours.objects.create(
        region_code=region.code, starts=starts, ends=ends, valid_from=valid_from, valid_until=valid_until,
        document=document.strip(),
    )  # fmt: skip
    audit.record("quiet_hours.save", rule, by=by, at=at, hours=str(rule), since=valid_from.isoformat())
    return rule


def _refuse_overlap(region: Region, start: dt.date, end: dt.date | None) -> None:
    clash = QuietHours.objects.filter(region_code=region.code).filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=start)
    )
    if end is not None:
        clash = clash.filter(valid_from__lte=end)
    other = clash.order_by("valid_from").first()
    if other is None:
        return
    words = {
        "start": full_date(other.valid_from),
        "end": full_date(other.valid_until) if other.valid_until else _("长期"),
    }
    raise DomainError(
        "rule_overlap",
        _("和这个地区已有的规定（%(start)s 至 %(end)s）时间重叠。") % words,
        field="valid_from",
    )
