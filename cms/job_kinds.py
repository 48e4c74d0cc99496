"""Job kinds of the ground; registered by import."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from cms.enums import FileKind
from cms.jobs import JobKind, Queue, job_kinds
from cms.services import exports, import_jobs, rotation
from cms.services.file_links import file_doors
from cms.services.import_files import CHUNK

_IMPORTS: dict[str, dict[str, Any]] = {
    # Of people a few statements whatever its length; a thousand organisations, each changed by its service,
    # take two seconds, in which nobody else writes on SQLite.
    "": {"chunk": CHUNK},
    # The whole file is one item, judged and written in one transaction.
    "_whole": {"lease_factor": 20},
}
for _suffix, _options in _IMPORTS.items():
    job_kinds.register(
        f"import_check{_suffix}",
        JobKind(
            f"import_check{_suffix}",
            plan=import_jobs.plan_check,
            do_items=import_jobs.check_rows,
            prepare=import_jobs.prepare_rows,
            finish=import_jobs.finish_check,
            fail=import_jobs.fail_check,
            reopen=import_jobs.reopen_check,
            link=import_jobs.import_link,
            queue=Queue.IMPORTS,
            label=_("检查要导入的表格"),
            **_options,
        ),
    )
    job_kinds.register(
        f"import_apply{_suffix}",
        JobKind(
            f"import_apply{_suffix}",
            plan=import_jobs.plan_import,
            do_items=import_jobs.import_rows,
            prepare=import_jobs.prepare_rows,
            finish=import_jobs.finish_import,
            fail=import_jobs.fail_import,
            reopen=import_jobs.reopen_import,
            link=import_jobs.import_link,
            queue=Queue.IMPORTS,
            label=_("导入表格"),
            **_options,
        ),
    )
job_kinds.register(
    "import_errors",
    JobKind(
        "import_errors",
        plan=import_jobs.plan_errors,
        do_items=import_jobs.write_error_workbook,
        in_transaction=False,  # it stores a file; written twice, the second one counts
        link=import_jobs.import_link,
        lease_factor=4,
        queue=Queue.IMPORTS,
        label=_("改错用的表格"),
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
job_kinds.register(
    exports.KIND,
    JobKind(
        exports.KIND,
        plan=exports.plan_export,
        do_items=exports.make_file,
        link=exports.export_link,
        in_transaction=False,
        queue=Queue.EXPORTS,
        label=_("导出"),
    ),
)
file_doors.register(FileKind.EXPORT, exports.may_have)
