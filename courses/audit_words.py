"""Words for what happens to courses and records."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cms.audit_words import NameSource, register_actions, register_data, register_subjects, register_values
from courses.enums import Component

register_actions(
    {
        "course.change": _("修改课程"),
        "course.create": _("新建课程"),
        "course.version": _("新建课程版本"),
        "course.version_change": _("修改课程版本"),
        "external_certificate.record": _("登记外部证书"),
        "menu.create": _("新建套餐"),
        "menu.version": _("新建套餐版本"),
        "occupation.change": _("修改职业"),
        "occupation.create": _("新建职业"),
        "record.abandoned": _("培训记录中止"),
        "record.completed": _("培训记录合格"),
        "record.component": _("登记学时或成绩"),
        "record.not_completed": _("培训记录未合格"),
        "record.open": _("建立培训记录"),
    }
)

register_data(
    {
        "component": _("项目"),
        "ended_on": _("结束日期"),
        "evidence": _("依据"),
        "is_on_caravan": _("大篷车能开"),
        "is_retired": _("已停开"),
        "on": _("日期"),
        "outstanding": _("还差"),
        "version": _("课程版本"),
    },
    {"version": NameSource("courses.courseversion", "title")},
)
register_values(
    {
        "component": Component.choices,
        "outstanding": [
            ("hours_short", _("学时不够")),
            ("practice_failed", _("技能没有合格")),
            ("practice_missing", _("技能还没考")),
            ("theory_failed", _("理论没有合格")),
            ("theory_missing", _("理论还没考")),
        ],
    }
)
register_subjects(
    {
        "courses.course": "title",
        "courses.externalcertificate": "number",
        "courses.occupation": "name",
        "courses.trainingrecord": "person__legal_name",
    }
)
