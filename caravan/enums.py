"""Vocabularies of where, when and who came; each status has one transition table."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class VenueType(models.TextChoices):
    """Kinds of venue (domain rows 2, 9-11)."""

    WOMENS_HOME = "womens_home", _("妇女之家")
    COMMUNITY_ROOM = "community_room", _("社区用房")
    COMMUNITY_CLASSROOM = "community_classroom", _("社区教室")
    SCHOOL_CLASSROOM = "school_classroom", _("院校教室")
    PUBLIC_BASE = "public_base", _("公共实训基地")
    INTEGRATION_BASE = "integration_base", _("产教融合实训基地")
    IDLE_PLANT = "idle_plant", _("闲置厂房")
    VILLAGE_HALL = "village_hall", _("文化礼堂")


class StopState(models.TextChoices):
    """Life of a stop."""

    PLANNED = "planned", _("已安排")
    DONE = "done", _("已结束")
    CANCELLED = "cancelled", _("已取消")


class ClassState(models.TextChoices):
    """Life of a class (design §3)."""

    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("报备中")
    RETURNED = "returned", _("退回修改")
    FILED = "filed", _("已备案")
    RUNNING = "running", _("进行中")
    ASSESSING = "assessing", _("待考核")
    CLOSED = "closed", _("已结业")
    ARCHIVED = "archived", _("已归档")
    CANCELLED = "cancelled", _("已取消")


CLASS_MOVES: dict[str, frozenset[str]] = {
    ClassState.DRAFT: frozenset({ClassState.SUBMITTED, ClassState.CANCELLED}),
    ClassState.SUBMITTED: frozenset({ClassState.FILED, ClassState.RETURNED, ClassState.CANCELLED}),
    ClassState.RETURNED: frozenset({ClassState.SUBMITTED, ClassState.CANCELLED}),
    ClassState.FILED: frozenset({ClassState.RUNNING, ClassState.CANCELLED}),
    ClassState.RUNNING: frozenset({ClassState.ASSESSING, ClassState.CANCELLED}),
    ClassState.ASSESSING: frozenset({ClassState.CLOSED}),
    ClassState.CLOSED: frozenset({ClassState.ARCHIVED}),
    ClassState.ARCHIVED: frozenset(),
    ClassState.CANCELLED: frozenset(),
}
# Seats may be taken while the class is filed or has just begun.
OPEN_FOR_ENROLMENT = frozenset({ClassState.FILED, ClassState.RUNNING})
# Its sessions can still be added or moved.
PLANNABLE = frozenset({ClassState.DRAFT, ClassState.RETURNED, ClassState.FILED, ClassState.RUNNING})
# What the public schedule shows.
PUBLIC_STATES = frozenset({ClassState.FILED, ClassState.RUNNING, ClassState.ASSESSING, ClassState.CLOSED})


class HostRole(models.TextChoices):
    """主办/承办/协办/支持 (domain row 13)."""

    HOST = "host", _("主办")
    ORGANISER = "organiser", _("承办")
    CO_HOST = "co_host", _("协办")
    SUPPORTER = "supporter", _("支持")


class StaffRole(models.TextChoices):
    """What somebody does in a class."""

    CLASS_TEACHER = "class_teacher", _("班主任")
    TRAINER = "trainer", _("讲师")
    ASSESSOR = "assessor", _("考评员")
    INVIGILATOR = "invigilator", _("监考")


class SessionKind(models.TextChoices):
    """What a session is for; the first three are counted by their kind of hours."""

    THEORY = "theory", _("理论课")
    PRACTICE = "practice", _("实操课")
    COMMUNITY = "community", _("社区场景实训")
    ASSESSMENT = "assessment", _("结业考核")
    LECTURE = "lecture", _("公开讲座")


COUNTED_KINDS = frozenset({SessionKind.THEORY, SessionKind.PRACTICE, SessionKind.COMMUNITY})


class SessionState(models.TextChoices):
    """Life of a session."""

    PLANNED = "planned", _("已排课")
    HELD = "held", _("已上课")
    CANCELLED = "cancelled", _("已取消")


class ResourceKind(models.TextChoices):
    """What a booking takes."""

    ROOM = "room", _("教室")
    TRAINER = "trainer", _("讲师")
    VEHICLE = "vehicle", _("车辆")
    KIT = "kit", _("教具箱")


class EnrolmentState(models.TextChoices):
    """Life of an enrolment (design §3)."""

    REQUESTED = "requested", _("待审核")
    WAITING = "waiting", _("候补")
    OFFERED = "offered", _("有名额，待您确认")
    ENROLLED = "enrolled", _("已报名")
    WITHDRAWN = "withdrawn", _("已退出")
    REJECTED = "rejected", _("未通过")
    NO_SHOW = "no_show", _("没有来")
    TRANSFERRED = "transferred", _("已转班")
    COMPLETED = "completed", _("已结业")
    NOT_COMPLETED = "not_completed", _("未结业")


ENROLMENT_MOVES: dict[str, frozenset[str]] = {
    EnrolmentState.REQUESTED: frozenset(
        {EnrolmentState.ENROLLED, EnrolmentState.WAITING, EnrolmentState.REJECTED, EnrolmentState.WITHDRAWN}
    ),
    EnrolmentState.WAITING: frozenset(
        {EnrolmentState.OFFERED, EnrolmentState.ENROLLED, EnrolmentState.WITHDRAWN}
    ),
    EnrolmentState.OFFERED: frozenset({EnrolmentState.ENROLLED, EnrolmentState.WITHDRAWN}),
    EnrolmentState.ENROLLED: frozenset(
        {
            EnrolmentState.WITHDRAWN,
            EnrolmentState.NO_SHOW,
            EnrolmentState.TRANSFERRED,
            EnrolmentState.COMPLETED,
            EnrolmentState.NOT_COMPLETED,
        }
    ),
}
# States that hold a seat.
SEATED = frozenset(
    {
        EnrolmentState.OFFERED,
        EnrolmentState.ENROLLED,
        EnrolmentState.NO_SHOW,
        EnrolmentState.COMPLETED,
        EnrolmentState.NOT_COMPLETED,
    }
)
# At most one of these a person and class.
ACTIVE = SEATED | {EnrolmentState.REQUESTED, EnrolmentState.WAITING}
# On the roll.
ON_ROLL = frozenset(
    {EnrolmentState.ENROLLED, EnrolmentState.NO_SHOW, EnrolmentState.COMPLETED, EnrolmentState.NOT_COMPLETED}
)


class EnrolmentWay(models.TextChoices):
    """How somebody came to be enrolled."""

    SELF = "self", _("本人报名")
    PROXY = "proxy", _("代办报名")
    ROSTER = "roster", _("花名册报名")
    OFFICE = "office", _("教务登记")


class Mark(models.TextChoices):
    """到/迟到/早退/请假/缺勤 (requirement 9)."""

    PRESENT = "present", _("到")
    LATE = "late", _("迟到")
    LEFT_EARLY = "left_early", _("早退")
    LEAVE = "leave", _("请假")
    ABSENT = "absent", _("缺勤")


class EventKind(models.TextChoices):
    """What an attendance event says."""

    MARK = "mark", _("点名")
    CORRECTION = "correction", _("更正")
    WITHDRAWAL = "withdrawal", _("撤回")


class EventMethod(models.TextChoices):
    """How the mark was taken."""

    ROLL_CALL = "roll_call", _("讲师点名")
    TRAINEE_QR = "trainee_qr", _("扫学员码")
    SESSION_QR = "session_qr", _("学员扫课堂码")
    PAPER = "paper", _("纸质签到")


class FilingDecision(models.TextChoices):
    """What the officer answered."""

    ACCEPTED = "accepted", _("准予备案")
    RETURNED = "returned", _("退回修改")
