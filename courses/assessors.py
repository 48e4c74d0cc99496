"""Who may not assess whom. Upper apps register reasons they alone can know ("taught this class")."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from cms.enums import AccountRelation
from cms.errors import DomainError, Refusals
from cms.models import User
from cms.registry import Registry
from courses.models import TrainingRecord

Conflict = Callable[[User, TrainingRecord], str | None]

# Each returns why ``user`` may not score ``record``, in words, or ``None``.
conflicts: Registry[Conflict] = Registry("assessor conflicts")


def refuse_conflicts(user: User, record: TrainingRecord) -> None:
    """Raise ``Refusals`` (code ``assessor_conflict``) with every reason against ``user`` scoring ``record``."""
    reasons = [reason for conflict in conflicts if (reason := conflict(user, record))]
    if reasons:
        raise Refusals([DomainError("assessor_conflict", reason) for reason in reasons])


def _own_record(user: User, record: TrainingRecord) -> str | None:
    own = user.person_accounts.filter(
        person_id=record.person_id,
        until__isnull=True,
        relation__in=(AccountRelation.SELF, AccountRelation.FAMILY),
    )
    return _("不能给自己或家里人打分。") if own.exists() else None


conflicts.register("own_record", _own_record)
