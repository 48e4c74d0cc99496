"""Workers whose refresher falls due."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from certificates.refreshers.due_list import due_list, periods_of
from certificates.refreshers.enums import RefresherState
from cms.backoffice.todo import Todo
from cms.models import User
from cms.roles import Role

NOTICE_DAYS = 30


def refreshers_due(user: User) -> Todo | None:
    """Own workers who are overdue thirty days from now if nothing is done.

    Only for who plans classes: a region's officer oversees thousands, and the clock asks for each of them.
    """
    if not user.live_roles() & {Role.PLANNER, Role.ORG_ADMIN}:
        return None
    on = timezone.localdate() + dt.timedelta(days=NOTICE_DAYS)
    count = due_list(periods_of(user, on), on).counts[RefresherState.OVERDUE]
    url = f"{reverse('certificates_due:index')}?{urlencode({'on': on, 'state': RefresherState.OVERDUE})}"
    return Todo(_("该回炉的人"), _("三十天内不回炉就逾期，或者已经逾期"), count, url)
