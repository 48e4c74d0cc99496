"""Slips that trainers print for the people of their classes, and coordinators for the people they help.

The slip is the organisation's that has the reason to know the person (``make_slip`` asks for it): the class's
organiser; for somebody who is helped and in no class, one on whose roster she stands.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from caravan.duties import has_duty, leads_class
from caravan.enums import ACTIVE, ClassState, StaffRole
from caravan.models import Enrolment, TrainingClass
from cms.enums import AccountRelation
from cms.errors import DomainError
from cms.models import Affiliation, Organisation, Person, PersonAccount, User
from cms.roles import Role
from cms.slip_sheets import LIMIT, PrintedSlip, last_four_of, print_slip, with_documents

# While people of the class still come by.
SLIP_STATES = frozenset({ClassState.FILED, ClassState.RUNNING, ClassState.ASSESSING, ClassState.CLOSED})


@dataclass(frozen=True)
class SlipPerson:
    """Somebody to print a slip for; ``has_account``: her own account is bound already."""

    pk: int
    name: str
    last_four: str
    has_account: bool


def may_print(user: User, training_class: TrainingClass) -> bool:
    """Say whether ``user`` prints slips for the class: who teaches or leads it, or coordinates where it is held."""
    if training_class.state not in SLIP_STATES:
        return False
    if leads_class(user, training_class):
        return True
    if user.has_role(Role.TRAINER, Role.CLASS_TEACHER) and has_duty(
        user, training_class, StaffRole.TRAINER, StaffRole.CLASS_TEACHER
    ):
        return True
    mine = TrainingClass.objects.at_communities_of(user)
    return user.has_role(Role.COORDINATOR) and mine.filter(pk=training_class.pk).exists()


def people_of_class(training_class: TrainingClass) -> list[SlipPerson]:
    """Return the people of a class for its sheet (two queries)."""
    rows = Enrolment.objects.filter(training_class=training_class, state__in=sorted(ACTIVE))
    return _rows(Person.objects.filter(pk__in=rows.values("person_id")))


def people_helped(user: User) -> list[SlipPerson]:
    """Return the people a coordinator acts for or enrolled (two queries)."""
    return _rows(_helped(user))


def _helped(user: User) -> Any:
    links = PersonAccount.objects.filter(
        user=user, relation=AccountRelation.COORDINATOR, until__isnull=True
    ).values("person_id")
    brought = Enrolment.objects.filter(enrolled_by=user, state__in=sorted(ACTIVE)).values("person_id")
    return Person.objects.filter(Q(pk__in=links) | Q(pk__in=brought))


def _rows(people: Any) -> list[SlipPerson]:
    own = PersonAccount.objects.filter(
        person_id=OuterRef("pk"), relation=AccountRelation.SELF, until__isnull=True
    )
    rows: Any = with_documents(people.annotate(has_account=Exists(own)).order_by("name_pinyin", "pk"))
    return [SlipPerson(row.pk, row.legal_name, last_four_of(row), row.has_account) for row in rows]


@transaction.atomic
def print_class_slips(
    training_class: TrainingClass, wanted: set[int], *, by: User, at: dt.datetime
) -> list[PrintedSlip]:
    """Make a slip for each of ``wanted`` in the class, all or none, in the name of the organiser.

    Raises ``DomainError`` ``slip_duty``, ``slip_people`` (none, too many, or not in the class), ``slip_scope``.
    """
    if not may_print(by, training_class):
        raise DomainError("slip_duty", _("这个班的凭条不归您开。"))
    enrolled = Enrolment.objects.filter(training_class=training_class, state__in=sorted(ACTIVE))
    people = _chosen(Person.objects.filter(pk__in=enrolled.values("person_id")), wanted)
    return [print_slip(person, training_class.organisation, by=by, at=at) for person in people]


@transaction.atomic
def print_helped_slips(wanted: set[int], *, by: User, at: dt.datetime) -> list[PrintedSlip]:
    """Make a slip for each of ``wanted`` among the people a coordinator helps; raises as ``print_class_slips``."""
    if not by.has_role(Role.COORDINATOR):
        raise DomainError("slip_duty", _("只有社区协调员能在这里开凭条。"))
    people = _chosen(_helped(by), wanted)
    reasons = _reasons([person.pk for person in people], by, at)
    if missing := [person.legal_name for person in people if person.pk not in reasons]:
        raise DomainError(
            "slip_scope", _("%(names)s还不在哪个单位的名册里，不能开凭条。") % {"names": "、".join(missing)}
        )
    return [print_slip(person, reasons[person.pk], by=by, at=at) for person in people]


def _chosen(people: Any, wanted: set[int]) -> list[Any]:
    if not wanted or len(wanted) > LIMIT:
        raise DomainError("slip_people", _("请选 1 到 %(limit)s 个人再开凭条。") % {"limit": LIMIT})
    found = list(with_documents(people.filter(pk__in=wanted).order_by("name_pinyin", "pk")))
    if len(found) != len(wanted):
        raise DomainError("slip_people", _("名单刚变过，没有开凭条。请重新选。"))
    return found


def _reasons(people: Iterable[int], by: User, at: dt.datetime) -> dict[int, Organisation]:
    """Return who has a reason to know each person: her own organisation first, else the newest (one query)."""
    mine = by.scope().organisations(Role.COORDINATOR)
    live = Affiliation.objects.filter(person_id__in=list(people)).exclude(until__lt=timezone.localdate(at))
    found: dict[int, Organisation] = {}
    for row in live.select_related("organisation").order_by("since", "pk"):
        kept = found.get(row.person_id)
        if kept is None or kept.pk not in mine:
            found[row.person_id] = row.organisation
    return found
