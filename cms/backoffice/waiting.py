"""What of the ground waits for somebody: rosters, failed work, appointments and licences that end."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.backoffice.todo import Todo, todos
from cms.enums import ImportState, JobState, LicenceState
from cms.models import AuditEntry, DataImport, DataRequest, Job, Licence, Membership, Organisation, User
from cms.roles import Role
from cms.services.licences import licence_standings

NOTICE_DAYS = 30
_LOOKED_BACK_DAYS = 7
HANDED_OUT = "file.download"


def _index(name: str, **filters: Any) -> str:
    return f"{reverse(name)}?{urlencode(filters)}"


def imports_to_confirm(user: User) -> Todo | None:
    """Rosters that were checked and wait for a yes."""
    if not user.live_roles() & {Role.ORG_ADMIN, Role.PLANNER}:
        return None
    rows = DataImport.objects.visible_to(user).filter(state=ImportState.CHECKED)
    return Todo(
        _("待确认的导入"),
        _("看一看有问题的行，确认以后才导入"),
        rows.count(),
        _index("imports:index", state=ImportState.CHECKED),
    )


def data_requests_to_answer(user: User) -> Todo | None:
    """Requests about their own data that people wait for an answer to."""
    if not user.has_perm("cms.change_datarequest"):
        return None
    rows = DataRequest.objects.visible_to(user).open()
    return Todo(
        _("更正和删除申请"),
        _("看一看，答复本人；删除要两个人办"),
        rows.count(),
        reverse("data_requests:index"),
    )


def jobs_to_mend(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Return the failed jobs, without the checks of files that cannot be read: those want another file."""
    return jobs.filter(state=JobState.FAILED).exclude(import_checks__state=ImportState.UNREADABLE)


def failed_jobs(user: User) -> Todo | None:
    """Background work that stopped and can go on."""
    if not user.has_perm("cms.view_job"):
        return None
    rows = jobs_to_mend(Job.objects.visible_to(user))
    return Todo(
        _("没办成的后台任务"),
        _("看看停在哪里，可以接着做"),
        rows.count(),
        _index("jobs:index", waits="true"),
    )


def appointments_ending(user: User) -> Todo | None:
    """Roles that end soon in the organisations one appoints for."""
    if not user.live_roles() & {Role.SYSTEM_ADMIN, Role.ORG_ADMIN}:
        return None
    today = timezone.localdate()
    last = today + dt.timedelta(days=NOTICE_DAYS)
    rows = Membership.objects.visible_to(user).filter(valid_until__gte=today, valid_until__lte=last)
    return Todo(
        _("快到期的任职"),
        _("三十天内到期；还要用的，重新授权"),
        rows.count(),
        _index("memberships:index", valid_until__gte=today, valid_until__lte=last),
    )


def with_licences_ending(organisations: QuerySet[Organisation], on: dt.date) -> QuerySet[Organisation]:
    """Return the organisations whose licences lapsed or end soon, as their list says it."""
    holders = organisations.filter(pk__in=Licence.objects.current().values("organisation"))
    standings = licence_standings(holders.order_by().only("pk"), on)
    wanted = {LicenceState.ENDING, LicenceState.LAPSED}
    return organisations.filter(pk__in=[pk for pk, how in standings.items() if how.state in wanted])


def licences_ending(user: User) -> Todo | None:
    """Licences and filings of schools that lapsed or lapse soon."""
    if not user.live_roles() & {Role.SYSTEM_ADMIN, Role.ORG_ADMIN, Role.SUBSIDY_OFFICER}:
        return None
    rows = with_licences_ending(Organisation.objects.visible_to(user), timezone.localdate())
    return Todo(
        _("许可快到期的机构"),
        _("办学许可或备案快到期，或者已经过期"),
        rows.count(),
        _index("organisations:index", licence="ending"),
    )


def files_handed_out(user: User) -> Todo | None:
    """For the auditor: sensitive files handed out in the last days."""
    if not user.live_roles() & {Role.AUDITOR}:
        return None
    since = timezone.localdate() - dt.timedelta(days=_LOOKED_BACK_DAYS)
    rows = AuditEntry.objects.visible_to(user).filter(action=HANDED_OUT, at__date__gte=since)
    return Todo(
        _("近七天下载的敏感文件"),
        _("花名册、批次导出和佐证材料，谁在什么时候下载过"),
        rows.count(),
        _index("audit:index", action=HANDED_OUT, since=since),
    )


todos.register("data_requests", data_requests_to_answer)
todos.register("imports", imports_to_confirm)
todos.register("jobs_failed", failed_jobs)
todos.register("appointments_ending", appointments_ending)
todos.register("licences_ending", licences_ending)
todos.register("files_handed_out", files_handed_out)
