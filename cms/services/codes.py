"""Short codes for one use: by text message, by e-mail, or on paper.

A code of six digits lives ``CODE_SECONDS`` and bears ``CODE_TRIES`` tries; a phone or address gets one a
minute and ``CODES_A_DAY``. Stored is a keyed digest only, and the answer is the same whether or not an
account is known.
"""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
import unicodedata

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from cms import audit, tasks
from cms.crypto import decrypt_text, encrypt_text, lookup_digest, lookup_digests
from cms.enums import CodePurpose
from cms.errors import DomainError
from cms.ids import normalise_spoken, spoken_code
from cms.messaging.gateways import SmsRefusedError, sms_gateway
from cms.models import SignInCode, User
from cms.phones import check_phone, normalise_phone
from cms.roles import Role
from cms.services.organisations import roles_to_give
from cms.throttling import Throttle

PAPER_HOURS = 24

_minute = Throttle("code_minute", limit=1, seconds=60)
_day = Throttle("code_day", limit=settings.CODES_A_DAY, seconds=24 * 3600)


def texts_are_sent() -> bool:
    """Say whether a page may promise a text message."""
    return bool(settings.SMS_GATEWAY)


def mails_are_sent() -> bool:
    """Say whether a page may promise an e-mail."""
    return bool(settings.SENDS_EMAIL)


def send_code(purpose: CodePurpose, target: str, *, at: dt.datetime) -> SignInCode:
    """Send a code to a phone or an e-mail address, if an account has it; return the row the code is checked with.

    The message goes out after the commit and from the worker, so that neither the answer nor its time tells
    whether the account is known. Raises ``DomainError`` ``phone_wrong``, ``target_wrong``, ``no_way`` or
    ``code_soon``.
    """
    target = _normalise(target)
    refuse_too_many(target, at=at)
    found = User.objects.filter(is_active=True)
    user = found.filter(email__iexact=target).first() if "@" in target else found.filter(phone=target).first()
    code = f"{secrets.randbelow(10**6):06d}"
    with transaction.atomic():
        row = SignInCode(
            purpose=purpose,
            user=user,
            made_at=at,
            expires_at=at + dt.timedelta(seconds=settings.CODE_SECONDS),
        )
        row.code_digest = lookup_digest("sign_in_code", f"{row.pk}:{code}")
        row.save(force_insert=True)
        if user is not None:
            by_mail = "@" in target
            tasks.deliver_code(str(row.pk), encrypt_text(code), by_mail, translation.get_language() or "")
    return row


def refuse_too_many(target: str, *, at: dt.datetime) -> None:
    """Count one code for a phone or address; raise ``DomainError`` ``code_soon`` beyond one a minute and so many a day."""
    if _minute.take(target, at=at):
        raise DomainError("code_soon", _("一分钟里只能要一次码，请等一会儿再要。"), field="target")
    if _day.take(target, at=at):
        raise DomainError("code_soon", _("今天要的码太多了，请明天再要，或者打电话问。"), field="target")


def _normalise(target: str) -> str:
    """Return the phone or address in the form that is compared; refuse what no message can reach."""
    if "@" in target:
        if not mails_are_sent():
            raise DomainError("no_way", _("现在不能发邮件，请填手机号。"), field="target")
        address = target.strip().casefold()
        try:
            validate_email(address)
        except ValidationError as error:
            raise DomainError("target_wrong", _("邮箱写得不对，请再看看。"), field="target") from error
        return address
    if not texts_are_sent():
        raise DomainError("no_way", _("现在不能发短信，请填邮箱。"), field="target")
    phone = normalise_phone(target)
    try:
        check_phone(phone, mobile=True)
    except DomainError as error:
        error.field = "target"
        raise
    return phone


def _is_right(row: SignInCode, code: str) -> bool:
    """Compare under each of ``LOOKUP_KEYS``: a key may change while a code is on its way."""
    digests = lookup_digests("sign_in_code", f"{row.pk}:{code}").values()
    return any(hmac.compare_digest(digest, row.code_digest) for digest in digests)


def deliver(code_id: str, sealed: str, *, by_mail: bool, language: str, at: dt.datetime) -> bool:
    """Hand the code over to the gateway or the mail server; say whether it took it. Late codes are not sent."""
    rows = SignInCode.objects.select_related("user", "person")
    row = rows.filter(pk=code_id, expires_at__gt=at).first()
    user = row.user if row else None
    if row is None or user is None:
        return False
    minutes = settings.CODE_SECONDS // 60
    with translation.override(language or settings.LANGUAGE_CODE):
        if row.purpose == CodePurpose.SIGN_IN:
            text = _("登录码 %(code)s，%(minutes)s 分钟内有效。不要告诉别人。不是您要的，不用理它。")
        elif row.purpose == CodePurpose.BIND:
            text = _("绑定账号的码 %(code)s，%(minutes)s 分钟内有效。给了别人，别人就能替您办事。")
        else:
            text = _("重设密码的码 %(code)s，%(minutes)s 分钟内有效。不要告诉别人。不是您要的，不用理它。")
        words = text % {"code": decrypt_text(sealed), "minutes": minutes}
        subject = _("%(site)s的验证码") % {"site": settings.SITE_TITLE}
    if by_mail:
        return bool(user.email) and bool(send_mail(subject, words, None, [str(user.email)]))
    gateway = sms_gateway()
    # A code that binds goes to the phone on record, whatever phone the account has.
    phone = normalise_phone(row.person.phone) if row.person else user.phone
    if gateway is None or not phone:
        return False
    try:
        gateway.send(phone, words)
    except SmsRefusedError:
        return False
    return True


def redeem_code(code_id: str, code: str, *, purpose: CodePurpose, at: dt.datetime) -> User:
    """Return the account that a code proves; the code is used up, or one of its tries is.

    Raises ``DomainError`` ``code_wrong``: wrong, late, used, tried too often and sent to nobody sound alike.
    """
    row = use_code(code_id, code, purpose=purpose, at=at)
    if row is None or row.user is None:
        raise code_wrong()
    return row.user


def use_code(code_id: str, code: str, *, purpose: CodePurpose, at: dt.datetime) -> SignInCode | None:
    """Return the row that a code fits, which is then used, else ``None`` and one try less.

    Never inside another transaction: a refusal must not give the try back.
    """
    typed = "".join(one for one in unicodedata.normalize("NFKC", code) if one.isdigit())
    with transaction.atomic():
        rows = SignInCode.objects.select_for_update(of=("self",)).select_related("user", "person")
        row = rows.filter(pk=code_id, purpose=purpose, used_at__isnull=True, expires_at__gt=at).first()
        if row is None or row.tries >= settings.CODE_TRIES:
            return None
        row.tries += 1
        if row.user and row.user.is_active and _is_right(row, typed):
            row.used_at = at
        row.save(update_fields=["tries", "used_at"])
    return row if row.used_at else None


def code_wrong() -> DomainError:
    """Return the one refusal for every code that opens nothing."""
    return DomainError(
        "code_wrong", _("码不对，或者已经过时。请再看看；五次不对，要重新要一个。"), field="code"
    )


# --- on paper ----------------------------------------------------------------------------------------


def may_look_after(by: User, user: User) -> bool:
    """Say whether ``by`` may end the sessions of ``user`` and hand out a new password: never of one above."""
    if by.scope().everything:
        return True
    if not User.objects.visible_to(by).filter(pk=user.pk).exists() or user.pk == by.pk:
        return False
    return by.has_role(Role.ORG_ADMIN) and user.live_roles() <= set(roles_to_give(by))


@transaction.atomic
def make_paper(user: User, *, by: User, at: dt.datetime) -> tuple[SignInCode, str]:
    """Return a code on paper with which ``user`` sets a new password within a day; earlier ones stop working.

    Raises ``DomainError`` ``not_administrator``.
    """
    if not may_look_after(by, user):
        raise DomainError("not_administrator", _("您不是这个账号的管理员。"))
    old = SignInCode.objects.filter(user=user, purpose=CodePurpose.PAPER_RESET, expires_at__gt=at)
    old.update(expires_at=at)
    code = spoken_code(8)
    row = SignInCode.objects.create(
        purpose=CodePurpose.PAPER_RESET,
        user=user,
        code_digest=lookup_digest("password_paper", normalise_spoken(code)),
        made_at=at,
        expires_at=at + dt.timedelta(hours=PAPER_HOURS),
    )
    audit.record("password.paper", user, by=by, at=at)
    return row, code


def find_paper(code: str, *, at: dt.datetime) -> SignInCode | None:
    """Return the live paper with this code."""
    rows = SignInCode.objects.filter(purpose=CodePurpose.PAPER_RESET, user__is_active=True)
    digests = lookup_digests("password_paper", normalise_spoken(code)).values()
    return rows.filter(code_digest__in=digests, used_at__isnull=True, expires_at__gt=at).first()


@transaction.atomic
def redeem_paper(code: str, *, at: dt.datetime) -> User:
    """Return the account of a paper, which is then used; raise ``DomainError`` ``slip_wrong``."""
    found = find_paper(code, at=at)
    row = (
        SignInCode.objects.select_for_update().filter(pk=found.pk, used_at__isnull=True).first()
        if found
        else None
    )
    if row is None or row.user_id is None:
        raise DomainError(
            "slip_wrong", _("这个码用不了：可能用过或过期了。请找管理员再要一张。"), field="code"
        )
    row.used_at = at
    row.save(update_fields=["used_at"])
    return User.objects.get(pk=row.user_id)


def forget_codes(at: dt.datetime) -> int:
    """Remove codes whose time is over; return how many."""
    count, _rows = SignInCode.objects.filter(expires_at__lt=at - dt.timedelta(days=1)).delete()
    return count
