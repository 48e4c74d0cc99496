"""Job kinds of the ground; registered by import."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cms.jobs import JobKind, Queue, job_kinds
from cms.services import rosters, rotation

job_kinds.register(
    "roster_check",
    JobKind(
        "roster_check",
        plan=rosters.plan_check,
        do_items=rosters.check_rows,
        prepare=rosters.prepare_rows,
        finish=rosters.finish_check,
        fail=rosters.fail_check,
        reopen=rosters.reopen_check,
        link=rosters.roster_link,
        chunk=100,
        queue=Queue.IMPORTS,
        label=_("检查花名册"),
    ),
)
job_kinds.register(
    "roster_import",
    JobKind(
        "roster_import",
        plan=rosters.plan_import,
        do_items=rosters.import_rows,
        prepare=rosters.prepare_rows,
        finish=rosters.finish_import,
        fail=rosters.fail_import,
        reopen=rosters.reopen_import,
        link=rosters.roster_link,
        # Small, because SQLite has one writer: others wait while a chunk is written.
        chunk=20,
        queue=Queue.IMPORTS,
        label=_("导入花名册"),
    ),
)
job_kinds.register(
    rotation.KIND,
    JobKind(
        rotation.KIND,
        plan=rotation.plan_rotation,
        do_items=rotation.rotate_rows,
        finish=rotation.finish_rotation,
        label=_("更换密钥"),
    ),
)
