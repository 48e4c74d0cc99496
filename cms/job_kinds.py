"""Job kinds of the ground; registered by import."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cms.enums import FileKind
from cms.jobs import JobKind, Queue, job_kinds
from cms.services import exports, imports, rotation
from cms.services.file_links import file_doors

job_kinds.register(
    "import_check",
    JobKind(
        "import_check",
        plan=imports.plan_check,
        do_items=imports.check_rows,
        prepare=imports.prepare_rows,
        finish=imports.finish_check,
        fail=imports.fail_check,
        reopen=imports.reopen_check,
        link=imports.import_link,
        chunk=100,
        queue=Queue.IMPORTS,
        label=_("检查花名册"),
    ),
)
job_kinds.register(
    "import_apply",
    JobKind(
        "import_apply",
        plan=imports.plan_import,
        do_items=imports.import_rows,
        prepare=imports.prepare_rows,
        finish=imports.finish_import,
        fail=imports.fail_import,
        reopen=imports.reopen_import,
        link=imports.import_link,
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
