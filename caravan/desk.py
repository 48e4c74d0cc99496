"""Where somebody goes from a class at the desk: only to pages that will open for her."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from caravan.duties import leads_class, may_enter_results
from caravan.enums import ClassState
from caravan.models import TrainingClass
from caravan.services.class_slips import may_print
from cms.models import User
from cms.roles import Role

_CLOSING = frozenset({ClassState.RUNNING, ClassState.ASSESSING, ClassState.CLOSED})


@dataclass(frozen=True)
class DeskLink:
    """One row of links."""

    url: str
    title: str
    line: str
    icon: str


def links_of_class(user: User, training_class: TrainingClass) -> list[DeskLink]:
    """Return the ways on from the class's page: roll, results, closing (two queries)."""
    links = []
    if user.has_role(Role.TRAINER, Role.CLASS_TEACHER):
        links.append(DeskLink(reverse("caravan:field"), _("点名"), _("今天的课，没点完的课"), "check"))
    if may_print(user, training_class):
        url = reverse("caravan:teach_slips", args=[training_class.class_no])
        links.append(DeskLink(url, _("开凭条"), _("给班里的人绑定账号，或者重设密码"), "print"))
    if user.has_role(Role.ASSESSOR) and may_enter_results(user, training_class):
        url = reverse("caravan:results", args=[training_class.class_no])
        links.append(DeskLink(url, _("登记成绩"), _("只有考评员能登记，给这个班上过课的不行"), "edit"))
    leads = user.has_role(Role.CLASS_TEACHER) and leads_class(user, training_class)
    if leads and training_class.state in _CLOSING:
        url = reverse("caravan:teach_close", args=[training_class.class_no])
        links.append(DeskLink(url, _("结业"), _("看每个人还缺什么"), "certificate"))
    return links
