"""What happened to a person, in words, as far as the reader may see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cms.models import AuditEntry, Person, User
from cms.registry import Registry

# The words of an action; an app registers its own, an action without words shows its code.
action_words: Registry[Promise] = Registry("words of audit actions")

for _action, _words in {
    "account.act_for": _("可以代办"),
    "account.leave": _("不再代办"),
    "account.sign_up": _("注册账号"),
    "person.affiliate": _("关联机构"),
    "person.affiliate_again": _("重新关联机构"),
    "person.document": _("窗口登记证件"),
    "person.fill": _("补充登记"),
    "person.in_post": _("登记在岗"),
    "person.in_post_end": _("登记离岗"),
    "person.register": _("登记人员"),
    "person.tag": _("登记人员类别"),
    "slip.make": _("开凭条"),
    "slip.redeem": _("使用凭条"),
}.items():
    action_words.register(_action, _words)


@dataclass(frozen=True)
class HistoryLine:
    """One entry with its action in words."""

    entry: AuditEntry

    @property
    def words(self) -> Any:
        """Return the action as an officer reads it."""
        action = self.entry.action
        return action_words.get(action) if action in action_words else action


def history_of(person: Person, user: User, *, limit: int = 50) -> list[HistoryLine]:
    """Return the newest entries about the person and their rows that ``user`` may see."""
    entries = AuditEntry.objects.visible_to(user).filter(_about(person)).order_by("-at", "-id")
    return [HistoryLine(entry) for entry in entries[:limit]]


def _about(person: Person) -> Q:
    """Entries hold plain ids, so that months can be partitioned away: the ids are gathered here."""
    about = Q(for_person_id=person.pk)
    own = {
        "cms.person": [person.pk],
        "cms.affiliation": person.affiliations.values_list("pk", flat=True),
        "cms.inpostperiod": person.in_post_periods.values_list("pk", flat=True),
        "cms.grouptag": person.group_tags.values_list("pk", flat=True),
        "cms.personslip": person.slips.values_list("pk", flat=True),
    }
    for object_type, keys in own.items():
        about |= Q(object_type=object_type, object_id__in=[str(key) for key in keys])
    return about
