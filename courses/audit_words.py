"""Words for what happens to courses and records."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cms.audit_words import register_actions

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
