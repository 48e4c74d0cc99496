"""Give and end roles; write the groups that Wagtail shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.errors import DomainError
from cms.models import Membership, Organisation, Region, User
from cms.roles import REGION_ROLES, Role, group_name, role_permissions
from cms.services.site_rights import set_moderation, set_site_rights


@transaction.atomic
def grant_role(
    user: User,
    role: Role,
    organisation: Organisation,
    *,
    by: User | None,
    at: dt.datetime,
    regions: Iterable[Region] = (),
    valid_from: dt.date | None = None,
    valid_until: dt.date | None = None,
) -> Membership:
    """Let ``user`` act in ``role``; region roles need regions, an auditor an end date.

    Raises ``regions_missing``, ``end_missing``, ``member_already`` when the same role at the same
    organisation holds already on one of the days: end that one first.
    """
    places = list(regions)
    if role in REGION_ROLES and not places:
        raise DomainError("regions_missing", _("这个角色要写明管辖地区。"), field="regions")
    if role == Role.AUDITOR and valid_until is None:
        raise DomainError("end_missing", _("审计员的授权要写明截止日期。"), field="valid_until")
    start = valid_from or timezone.localdate(at)
    # The account's row is the lock: the same role given twice at once is given once.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    _refuse_again(user, role, organisation, start, valid_until)
    membership = Membership.objects.create(
        user=user,
        organisation=organisation,
        role=role,
        valid_from=start,
        valid_until=valid_until,
    )
    membership.regions.set(places)
    user.forget_scope()
    audit.record(
        "membership.grant",
        membership,
        by=by,
        at=at,
        role=role,
        user=user.pk,
        regions=[r.code for r in places],
    )
    return membership


def _refuse_again(
    user: User, role: Role, organisation: Organisation, start: dt.date, end: dt.date | None
) -> None:
    same = Membership.objects.filter(user=user, organisation=organisation, role=role)
    same = same.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=start))
    if end is not None:
        same = same.filter(valid_from__lte=end)
    if same.exists():
        message = _("这个账号在这段时间里已经有这个角色。要改，先给原来的任职写上截止日期。")
        raise DomainError("member_already", message, field="account")


@transaction.atomic
def end_role(membership: Membership, *, on: dt.date, by: User, at: dt.datetime) -> Membership:
    """End a membership; ``on`` is its last day."""
    membership = Membership.objects.select_for_update().get(pk=membership.pk)
    membership.valid_until = on
    membership.save(update_fields=["valid_until"])
    membership.user.forget_scope()
    audit.record("membership.end", membership, by=by, at=at, until=on.isoformat())
    return membership


@transaction.atomic
def sync_roles() -> dict[str, int]:
    """Make the groups say what the code says; return permissions per role. Unknown codenames raise.

    Only what differs is written: an office starts with this, and mostly nothing does.
    """
    wanted = _wanted_permissions()
    kept = _kept_permissions()
    for role in Role:
        name = group_name(role)
        if kept.get(name) != wanted[role]:
            group, _created = Group.objects.get_or_create(name=name)
            group.permissions.set(wanted[role])
    set_site_rights()
    set_moderation()
    return {str(role): len(permissions) for role, permissions in wanted.items()}


def roles_behind() -> list[Role]:
    """Return the roles whose group is missing or does not say what the code says."""
    kept = _kept_permissions()
    return [
        role
        for role, permissions in _wanted_permissions().items()
        if kept.get(group_name(role)) != permissions
    ]


def _kept_permissions() -> dict[str, set[int]]:
    groups = Group.objects.prefetch_related("permissions")
    return {group.name: {one.pk for one in group.permissions.all()} for group in groups}


def _wanted_permissions() -> dict[Role, set[int]]:
    declared = {label: role_permissions.get(label) for label in role_permissions.keys()}  # noqa: SIM118  a Registry is no dict
    rows = Permission.objects.filter(content_type__app_label__in=declared)
    known = {
        (label, name): pk for pk, label, name in rows.values_list("pk", "content_type__app_label", "codename")
    }
    wanted = {}
    for role in Role:
        names = {(label, name) for label, roles in declared.items() for name in roles.get(role, frozenset())}
        if missing := names - known.keys():
            raise LookupError(f"{role}: no permission {sorted(missing)}; migrate first")
        wanted[role] = {known[name] for name in names}
    return wanted
