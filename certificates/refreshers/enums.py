"""Vocabulary of the refresher clock."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Basis(models.TextChoices):
    """From when the clock runs."""

    LAST_OR_START = "last_or_start", _("上次回炉；没有回炉过的，从上岗起")


class EarlyCompletion(models.TextChoices):
    """What a refresher before its window does (decided case 3)."""

    IGNORE = "ignore", _("不算")
    FROM_COMPLETION = "from_completion", _("算，下次从这次完成起")
    DUE_UNCHANGED = "due_unchanged", _("算，下次从原来的到期日起")


class RefresherState(models.TextChoices):
    """Answers of the clock."""

    NOT_COVERED = "not_covered", _("不在岗，不用回炉")
    NO_RULE = "no_rule", _("当地没有规定")
    CURRENT = "current", _("在有效期内")
    DUE_SOON = "due_soon", _("快到期")
    IN_GRACE = "in_grace", _("宽限期内")
    OVERDUE = "overdue", _("已逾期")
