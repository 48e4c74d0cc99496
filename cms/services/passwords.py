"""Setting a password: changed by its owner, or set anew by whoever proves the account in another way."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from cms import audit
from cms.enums import CodePurpose
from cms.errors import DomainError, Refusals
from cms.models import PersonSlip, User
from cms.services.accounts import use_slip_for_account
from cms.services.codes import redeem_code, redeem_paper
from cms.services.password_rules import password_faults
from cms.services.sessions import end_sessions


def _check(password: str) -> None:
    if faults := password_faults(password):
        raise Refusals(faults)


@transaction.atomic
def change_password(
    user: User, *, old: str, new: str, keep_session: str = "", by: User, at: dt.datetime
) -> User:
    """Replace one's own password and sign every other device out.

    Raises ``DomainError`` ``password_old`` or ``Refusals`` with ``password_weak``.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.check_password(old):
        raise DomainError("password_old", _("现在的密码不对，请再看看。"), field="old")
    _check(new)
    return _set(user, new, "password.change", keep_session=keep_session, by=by, at=at)


def _set(
    user: User, password: str, action: str, *, keep_session: str = "", by: User, at: dt.datetime
) -> User:
    user.set_password(password)
    user.save(update_fields=["password"])
    audit.record(action, user, by=by, at=at)
    end_sessions(user, keep=keep_session, by=by, at=at)
    return user


def reset_with_code(code_id: str, code: str, *, password: str, at: dt.datetime) -> User:
    """Set a password with a code that was sent; a weak password costs no try.

    Raises ``Refusals`` ``password_weak`` or ``DomainError`` ``code_wrong``.
    """
    _check(password)
    user = redeem_code(code_id, code, purpose=CodePurpose.RESET, at=at)
    return _reset(user, password, at=at)


def reset_with_paper(code: str, *, password: str, at: dt.datetime) -> User:
    """Set a password with the paper an administrator handed over; raises as ``reset_with_code``."""
    _check(password)
    with transaction.atomic():
        return _reset(redeem_paper(code, at=at), password, at=at)


@transaction.atomic
def _reset(user: User, password: str, *, at: dt.datetime) -> User:
    user = User.objects.select_for_update().get(pk=user.pk)
    return _set(user, password, "password.reset", by=user, at=at)


@transaction.atomic
def reset_with_slip(
    slip_code: str, account: int, *, password: str, at: dt.datetime
) -> tuple[User, PersonSlip]:
    """Set the password of ``account`` (its id), which is the slip's person's own; the slip is used.

    Raises ``DomainError`` ``slip_wrong``, ``slip_account`` (not this person's, or an account with a role: those
    get theirs from an administrator, not from whoever may print slips) or ``Refusals`` ``password_weak``.
    """
    _check(password)
    user, slip = use_slip_for_account(slip_code, account, at=at)
    return _reset(user, password, at=at), slip
