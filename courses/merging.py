"""What of training follows a merged person: records and external certificates, as they are."""

from __future__ import annotations

from django.utils.translation import gettext as _

from cms.merging import Conflict, Pair, Plan, follow, move_rows, rows_of
from courses.enums import RecordState
from courses.models import ExternalCertificate, TrainingRecord


def plan_records(pair: Pair) -> Plan:
    """Nobody learns one course twice at a time: one of two open records has to be closed first."""
    learning = {row.course_id for row in rows_of(TrainingRecord, pair.kept) if row.state == RecordState.OPEN}
    twice = [
        row
        for row in rows_of(TrainingRecord, pair.merged)
        if row.state == RecordState.OPEN and row.course_id in learning
    ]
    text = _("两份登记都在学《%(course)s》。请先让其中一份退班，再来合并。")
    conflicts = [Conflict("open_record", text % {"course": row.course_version.title}) for row in twice]
    return Plan(move_rows(TrainingRecord, pair, watch=["state"]), conflicts)


follow(TrainingRecord, plan_records)
follow(ExternalCertificate)
