"""The second factor: an authenticator app on the phone, and recovery codes on paper (RFC 6238, RFC 4226).

allauth keeps the secrets and makes the codes. Whether a code was used already is decided here, on the locked
row: allauth remembers it for one period only, while a code is good for three (see docs/decisions/005).
"""

from __future__ import annotations

import datetime as dt
import hmac
import unicodedata
from typing import Any, cast

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.utils import decrypt
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from cms import audit, crypto
from cms.errors import DomainError
from cms.mfa import Adapter
from cms.models import User
from cms.services.sessions import end_sessions

STEP_SECONDS = 30
# A clock on a phone may be half a minute off, either way.
TOLERANCE = 1


def new_secret() -> str:
    """Return a fresh key for an authenticator app: 160 random bits in base 32."""
    return str(generate_totp_secret())


def app_address(user: User, secret: str) -> str:
    """Return the ``otpauth:`` address that an authenticator app reads from a QR code."""
    return str(Adapter().build_totp_url(user, secret))


def is_enrolled(user: User) -> bool:
    """Say whether signing in asks this account for a second factor."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


def needs_factor(user: User, *, required: bool) -> bool:
    """Say whether this account may do nothing before it has shown a second factor."""
    return required and user.works_in_backoffice


@transaction.atomic
def enrol(user: User, secret: str, code: str, *, keep_session: str = "", at: dt.datetime) -> list[str]:
    """Add the app that shows ``code`` now; return the recovery codes, which are shown this once.

    Other sessions of the account end: they never showed the new factor. Raises ``DomainError``
    ``factor_exists`` or ``code_wrong``.
    """
    User.objects.select_for_update().get(pk=user.pk)
    if is_enrolled(user):
        raise DomainError("factor_exists", _("这个账号已经开了第二重验证。"), field="code")
    step = _step_of(secret, code, at=at)
    if step is None:
        raise _code_wrong()
    factor = TOTP.activate(user, secret).instance
    factor.data["last_step"] = step
    factor.created_at = factor.last_used_at = at
    factor.save()
    audit.record("factor.add", user, by=user, at=at)
    codes = _new_recovery_codes(user)
    end_sessions(user, keep=keep_session, by=user, at=at)
    return codes


def _step_of(secret: str, code: str, *, at: dt.datetime) -> int | None:
    typed = _digits(code)
    now = int(at.timestamp()) // STEP_SECONDS
    for step in range(now - TOLERANCE, now + TOLERANCE + 1):
        if hmac.compare_digest(format_hotp_value(hotp_value(secret, step)).encode(), typed.encode()):
            return step
    return None


def _digits(code: str) -> str:
    """Return the digits of what was typed; full-width ones and blanks are no mistake."""
    return "".join(one for one in unicodedata.normalize("NFKC", code) if one.isdigit())


def _code_wrong() -> DomainError:
    return DomainError("code_wrong", _("码不对，或者已经用过。请看手机上现在显示的那个。"), field="code")


def _new_recovery_codes(user: User) -> list[str]:
    Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).delete()
    return [str(code) for code in RecoveryCodes.activate(user).get_unused_codes()]


@transaction.atomic
def check_code(user: User, code: str, *, at: dt.datetime) -> None:
    """Accept a code of the app that was not used before, or an unused recovery code, which is then used.

    Raises ``DomainError`` ``code_wrong``; wrong, old and used sound alike.
    """
    factor = Authenticator.objects.select_for_update().filter(user=user, type=Authenticator.Type.TOTP).first()
    if factor is None:
        raise _code_wrong()
    step = _step_of(decrypt(factor.data["secret"]), code, at=at)
    if step is not None and step > factor.data.get("last_step", 0):
        factor.data["last_step"] = step
        factor.last_used_at = at
        factor.save(update_fields=["data", "last_used_at"])
        return
    spare = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    if spare is None or not RecoveryCodes(spare).validate_code(_digits(code)):
        raise _code_wrong()
    audit.record("factor.recovery_code", user, by=user, at=at, codes_left=recovery_codes_left(user))


def recovery_codes(user: User) -> list[str]:
    """Return the recovery codes that still work: for the page that prints them, and nothing else."""
    spare = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return [str(code) for code in RecoveryCodes(spare).get_unused_codes()] if spare else []


def recovery_codes_left(user: User) -> int:
    """Return how many recovery codes still work."""
    return len(recovery_codes(user))


@transaction.atomic
def renew_recovery_codes(user: User, code: str, *, at: dt.datetime) -> list[str]:
    """Return ten new recovery codes; the old ones stop working. Raises ``DomainError`` ``code_wrong``."""
    check_code(user, code, at=at)
    audit.record("factor.recovery_renew", user, by=user, at=at)
    return _new_recovery_codes(user)


@transaction.atomic
def leave(user: User, code: str, *, required: bool, at: dt.datetime) -> None:
    """Take one's own second factor off; raise ``factor_required`` or ``code_wrong``."""
    if needs_factor(user, required=required):
        raise DomainError("factor_required", _("管理后台的账号要有第二重验证，不能关。"))
    check_code(user, code, at=at)
    _remove(user)
    audit.record("factor.remove", user, by=user, at=at)


@transaction.atomic
def reset(user: User, *, reason: str, by: User | None, at: dt.datetime) -> None:
    """Take somebody's second factor off, whose phone and paper are lost; every session of the account ends.

    Raises ``DomainError`` ``reason_missing``, ``not_administrator``, ``factor_none``. ``by`` is ``None`` on the
    server's own command line.
    """
    if by is not None and not by.scope().everything:
        raise DomainError("not_administrator", _("只有系统管理员可以重设第二重验证。"))
    if not reason.strip():
        raise DomainError("reason_missing", _("请写明原因，例如：手机丢了，当面核对过本人。"), field="reason")
    User.objects.select_for_update().get(pk=user.pk)
    if not _remove(user):
        raise DomainError("factor_none", _("这个账号没有第二重验证。"))
    audit.record("factor.reset", user, by=by, at=at, reason=reason.strip()[:200])
    end_sessions(user, by=by, at=at)


def _remove(user: User) -> int:
    count, _rows = Authenticator.objects.filter(user=user).delete()
    return int(count)


# --- the installation's keys -------------------------------------------------------------------------

_SECRETS = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}


def stale_factors() -> QuerySet[Any]:
    """Return the factors whose secret was not encrypted with the newest of ``FIELD_KEYS``."""
    head = f"{crypto.field_key_id()}:"
    stale = Q()
    for kind, name in _SECRETS.items():
        stale |= Q(type=kind) & ~Q(**{f"data__{name}__startswith": head})
    return cast("QuerySet[Any]", Authenticator.objects.filter(stale))


@transaction.atomic
def renew_factor(row: Authenticator) -> None:
    """Encrypt a factor's secret with the newest key; raise ``ValueError`` when no key opens it."""
    factor = Authenticator.objects.select_for_update().get(pk=row.pk)
    name = _SECRETS[factor.type]
    factor.data[name] = crypto.encrypt_text(crypto.decrypt_text(factor.data[name]))
    factor.save(update_fields=["data"])
