"""What of the classes follows a merged person: enrolments, with their attendance hanging on them."""

from __future__ import annotations

from django.utils.translation import gettext as _

from caravan.enums import ACTIVE
from caravan.models import Enrolment, TrainingClass
from cms.merging import Conflict, Pair, Plan, follow, move_rows, rows_of


def plan_enrolments(pair: Pair) -> Plan:
    """One human has one place in a class: two active enrolments in the same one are refused."""
    seated = {row.training_class_id for row in rows_of(Enrolment, pair.kept) if row.state in ACTIVE}
    twice = Enrolment.objects.filter(
        person=pair.merged, state__in=sorted(ACTIVE), training_class__in=seated
    ).select_related("training_class")
    text = _(
        "两份登记都报了班级 %(number)s。请先让其中一份退班，再来合并；班已经结了的，是有人占了两个名额，要先查清。"
    )
    conflicts = [Conflict("same_class", text % {"number": row.training_class.class_no}) for row in twice]
    return Plan(move_rows(Enrolment, pair, watch=["state"]), conflicts)


def lock_classes(pair: Pair) -> None:
    """Lock the classes of both people in key order: whoever enrols or withdraws locks the class first."""
    mine = Enrolment.objects.filter(person__in=pair.ids, state__in=sorted(ACTIVE)).values("training_class")
    rows = TrainingClass.objects.select_for_update(no_key=True).filter(pk__in=mine).order_by("pk")
    list(rows.values_list("pk", flat=True))


follow(Enrolment, plan_enrolments, lock=lock_classes)
