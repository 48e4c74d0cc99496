"""Where an account is signed in, and ending that."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from dataclasses import dataclass

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cms import audit
from cms.errors import DomainError
from cms.models import User

_DEVICES = (
    ("HarmonyOS|OpenHarmony", gettext_noop("鸿蒙手机")),
    ("iPhone", gettext_noop("苹果手机")),
    ("iPad", gettext_noop("苹果平板")),
    ("Android", gettext_noop("安卓手机")),
    ("Windows", gettext_noop("Windows 电脑")),
    ("Macintosh|Mac OS", gettext_noop("苹果电脑")),
    ("CrOS|Linux|X11", gettext_noop("Linux 电脑")),
)
# An app's browser names the engine below it too: the first that fits is the one the reader knows.
_BROWSERS = (
    ("MicroMessenger", gettext_noop("微信")),
    ("AliApp|AlipayClient", gettext_noop("支付宝")),
    ("DingTalk", gettext_noop("钉钉")),
    ("QQBrowser|MQQBrowser", gettext_noop("QQ 浏览器")),
    ("HuaweiBrowser", gettext_noop("华为浏览器")),
    ("MiuiBrowser", gettext_noop("小米浏览器")),
    ("UCBrowser", gettext_noop("UC 浏览器")),
    ("Edg", "Edge"),
    ("Firefox|FxiOS", "Firefox"),
    ("Chrome|CriOS", "Chrome"),
    ("Safari", "Safari"),
)


@dataclass(frozen=True)
class SignedInDevice:
    """One live session as its owner recognises it; the address is masked."""

    pk: int
    device: str
    address: str
    since: dt.datetime
    last_seen: dt.datetime
    is_current: bool


def device_words(user_agent: str) -> str:
    """Return what kind of device and browser a user agent names, in words."""
    device = next((_(words) for pattern, words in _DEVICES if re.search(pattern, user_agent)), "")
    browser = next((_(words) for pattern, words in _BROWSERS if re.search(pattern, user_agent)), "")
    return " · ".join(part for part in (device, browser) if part) or _("认不出的设备")


def mask_address(address: str) -> str:
    """Return the first half of a network address: enough to tell home from elsewhere."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if found.version == 4:
        return ".".join([*str(found).split(".")[:2], "*", "*"])
    return ":".join([*found.exploded.split(":")[:2], "*"])


def signed_in_devices(user: User, *, current: str, at: dt.datetime) -> list[SignedInDevice]:
    """Return the live sessions of an account, ``current`` (a session key) first, then the newest: two queries."""
    rows = list(UserSession.objects.filter(user=user).order_by("-last_seen_at"))
    keys = [row.session_key for row in rows]
    live = set(
        Session.objects.filter(session_key__in=keys, expire_date__gt=at).values_list("session_key", flat=True)
    )
    found = [
        SignedInDevice(
            pk=row.pk,
            device=device_words(row.user_agent),
            address=mask_address(row.ip),
            since=row.created_at,
            last_seen=row.last_seen_at,
            is_current=row.session_key == current,
        )
        for row in rows
        if row.session_key in live
    ]
    return sorted(found, key=lambda device: not device.is_current)


@transaction.atomic
def end_session(user: User, pk: int, *, by: User, at: dt.datetime) -> None:
    """Sign one device out; raise ``DomainError`` ``session_gone`` when the account has no such session."""
    row = UserSession.objects.filter(user=user, pk=pk).first()
    if row is None:
        raise DomainError("session_gone", _("这台设备已经退出了。"))
    row.end()
    audit.record("session.end", user, by=by, at=at, sessions=1)


@transaction.atomic
def end_sessions(user: User, *, keep: str = "", by: User | None, at: dt.datetime) -> int:
    """Sign every device of an account out but the one with the session key ``keep``; return how many."""
    rows = list(UserSession.objects.filter(user=user).exclude(session_key=keep))
    for row in rows:
        row.end()
    if rows:
        audit.record("session.end", user, by=by, at=at, sessions=len(rows))
    return len(rows)


def forget_sessions(at: dt.datetime) -> int:
    """Drop sessions whose time is over, and what was noted about them; return how many."""
    over, _rows = Session.objects.filter(expire_date__lte=at).delete()
    live = Session.objects.values("session_key")
    UserSession.objects.exclude(session_key__in=live).filter(
        last_seen_at__lt=at - dt.timedelta(days=1)
    ).delete()
    return over
