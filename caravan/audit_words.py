"""Words for what happens to tours, classes, enrolments and attendance."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from caravan.enums import EventMethod, Mark, StaffRole
from cms.audit_words import NameSource, register_actions, register_data, register_subjects, register_values

register_actions(
    {
        "attendance_rule.save": _("保存考勤规定"),
        "attendance.correction": _("更正考勤"),
        "attendance.mark": _("点名"),
        "attendance.withdrawal": _("撤回考勤"),
        "class.accepted": _("准予开班备案"),
        "class.archive": _("班级归档"),
        "class.cancel": _("取消班级"),
        "class.change": _("修改班级"),
        "class.close": _("班级结业"),
        "class.end_teaching": _("课上完了"),
        "class.open": _("建立班级"),
        "class.plan_sessions": _("自动排课"),
        "class.returned": _("退回开班备案"),
        "class.staff_add": _("安排班级人员"),
        "class.staff_remove": _("撤下班级人员"),
        "class.start": _("班级开班"),
        "class.submit": _("报送开班备案"),
        "day_hours_rule.save": _("保存每日学时规定"),
        "enrolment_rule.save": _("保存报名规定"),
        "enrolment.completed": _("学员结业"),
        "enrolment.enrol": _("录取学员"),
        "enrolment.not_completed": _("学员未结业"),
        "enrolment.offer": _("通知候补有名额"),
        "enrolment.override": _("破例录取"),
        "enrolment.wait": _("进入候补"),
        "enrolment.withdraw": _("退出班级"),
        "kit.change": _("修改教具箱"),
        "kit.create": _("登记教具箱"),
        "page.publish": _("发布页面"),
        "session.cancel": _("取消课次"),
        "session.close_roll": _("点名结束"),
        "session.move": _("调整课次"),
        "session.schedule": _("排课"),
        "stop.create": _("安排站点"),
        "tour.create": _("安排巡回"),
        "trainer.change": _("修改讲师"),
        "trainer.create": _("登记讲师"),
        "vehicle.change": _("修改车辆"),
        "vehicle.create": _("登记车辆"),
        "venue.change": _("修改场地"),
        "venue.create": _("登记场地"),
    }
)

register_data(
    {
        "capacity": _("名额"),
        "class": _("班号"),
        "class_no": _("班号"),
        "content": _("内容"),
        "courses": _("课程"),
        "ends_at": _("结束"),
        "ends_on": _("结业日期"),
        "ends": _("随之结束的规定"),
        "enrol_until": _("报名截止"),
        "enrolment": _("学员"),
        "filing": _("报备"),
        "filled": _("补记人数"),
        "first": _("第一节"),
        "hours": _("学时"),
        "is_shared": _("可以外借"),
        "last": _("最后一节"),
        "mark": _("考勤"),
        "method": _("点名方式"),
        "rest": _("其余的人记为"),
        "room": _("教室"),
        "rooms": _("教室"),
        "session": _("课次"),
        "sessions": _("课次数"),
        "starts_at": _("开始"),
        "starts_on": _("开班日期"),
        "tour": _("巡回"),
        "trainer": _("讲师"),
        "venue": _("场地"),
    },
    {
        "courses": NameSource("courses.courseversion", "title"),
        "enrolment": NameSource("caravan.enrolment", "person__legal_name"),
        "filing": NameSource("caravan.classfiling", "submitted_at"),
        "room": NameSource("caravan.room", "name"),
        "session": NameSource("caravan.session", "content"),
        "tour": NameSource("caravan.tour", "title"),
        "trainer": NameSource("caravan.trainerprofile", "name"),
        "venue": NameSource("caravan.venue", "name"),
    },
)
register_values(
    {"mark": Mark.choices, "method": EventMethod.choices, "rest": Mark.choices, "role": StaffRole.choices}
)
register_subjects(
    {
        "caravan.classfiling": "submitted_at",
        "caravan.enrolment": "person__legal_name",
        "caravan.kit": "name",
        "caravan.session": "content",
        "caravan.stop": "venue__name",
        "caravan.tour": "title",
        "caravan.trainerprofile": "name",
        "caravan.trainingclass": "title",
        "caravan.vehicle": "name",
        "caravan.venue": "name",
    }
)
