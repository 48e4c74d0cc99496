"""Register organisations and appoint people in them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.enums import OrganisationKindCode
from cms.errors import DomainError
from cms.models import Membership, Organisation, OrganisationKind, Region, User
from cms.pinyin import organisation_key
from cms.regions import require_region
from cms.roles import REGION_ROLES, SITE_ROLES, Role
from cms.scope import territory_of
from cms.services.memberships import grant_role
from cms.uscc import check_uscc

_PERSONAL = frozenset({"contact_name", "contact_phone"})
_CODE = re.compile(r"[A-Z0-9]{1,8}")
_OFFICES = frozenset({OrganisationKindCode.HR_OFFICE, OrganisationKindCode.WOMENS_FEDERATION})
# Only who runs the whole installation gives these.
_CENTRAL_ROLES = SITE_ROLES | {Role.AUDITOR}


@transaction.atomic
def create_organisation(
    *,
    name: str,
    short_code: str,
    region_code: str,
    kinds: Iterable[str],
    by: User | None,
    at: dt.datetime,
    uscc: str = "",
    **contact: str,
) -> Organisation:
    """Register an organisation; ``contact`` is ``contact_name`` and ``contact_phone``.

    Refuses ``name_missing``, ``code_wrong``, what ``check_uscc`` refuses, ``kinds_missing``, what
    ``require_region`` refuses, ``organisation_exists`` (name, code or USCC is taken).
    """
    if not name.strip():
        raise DomainError("name_missing", _("请填机构名称。"), field="name")
    if not _CODE.fullmatch(_code(short_code)):
        message = _("代号是 1 到 8 个字母或数字，例如 XH。")
        raise DomainError("code_wrong", message, field="short_code")
    organisation = Organisation(name=name.strip(), short_code=_code(short_code), region_code=region_code)
    _fill(organisation, timezone.localdate(at), uscc=uscc, region_code=region_code, **contact)
    _save(organisation)
    _set_kinds(organisation, kinds)
    audit.record("organisation.create", organisation, by=by, at=at, code=organisation.short_code)
    return organisation


@transaction.atomic
def change_organisation(
    organisation: Organisation, *, kinds: Iterable[str], by: User | None, at: dt.datetime, **facts: str
) -> Organisation:
    """Change an organisation's facts; refusals as in ``create_organisation``.

    The short code stays: class and certificate numbers carry it (``code_fixed``).
    """
    organisation = Organisation.objects.select_for_update().get(pk=organisation.pk)
    if _code(facts.pop("short_code", organisation.short_code)) != organisation.short_code:
        raise DomainError("code_fixed", _("代号已经用在编号里，不能改。"), field="short_code")
    before = _facts(organisation)
    organisation.name = facts.pop("name", organisation.name).strip()
    _fill(organisation, timezone.localdate(at), **facts)
    _save(organisation)
    _set_kinds(organisation, kinds)
    after = _facts(organisation)
    changed = {name: [before[name], after[name]] for name in after if after[name] != before[name]}
    # Whom to call is personal: that it changed is on record, not from what to what.
    fields = [name for name in changed if name in _PERSONAL]
    audit.record(
        "organisation.change",
        organisation,
        by=by,
        at=at,
        changed={name: values for name, values in changed.items() if name not in _PERSONAL},
        fields=fields,
    )
    return organisation


def _code(text: str) -> str:
    return text.strip().upper()


def _fill(organisation: Organisation, on: dt.date, **facts: str) -> None:
    code = facts.get("region_code")
    if code is not None and not (organisation.pk and code == organisation.region_code):
        # An organisation of an abolished county keeps its code; nobody is registered under one anew.
        organisation.region_code = require_region(code, on).code
    if "uscc" in facts:
        organisation.uscc = check_uscc(facts["uscc"]) if facts["uscc"].strip() else None
    for name in ("contact_name", "contact_phone"):
        if name in facts:
            setattr(organisation, name, facts[name].strip())


def _facts(organisation: Organisation) -> dict[str, Any]:
    names = ("name", "uscc", "region_code", "contact_name", "contact_phone")
    facts: dict[str, Any] = {name: getattr(organisation, name) for name in names}
    return {**facts, "kinds": sorted(organisation.kinds.values_list("kind", flat=True))}


def _save(organisation: Organisation) -> None:
    organisation.search_key = organisation_key(
        organisation.name, organisation.short_code, organisation.uscc or ""
    )
    try:
        with transaction.atomic():
            organisation.save()
    except IntegrityError as error:
        message = _("名称、代号或统一社会信用代码已经登记过。")
        raise DomainError("organisation_exists", message) from error


def _set_kinds(organisation: Organisation, kinds: Iterable[str]) -> None:
    wanted = {OrganisationKindCode(kind) for kind in kinds}
    if not wanted:
        raise DomainError("kinds_missing", _("请至少选一种机构类型。"), field="kinds")
    organisation.kinds.exclude(kind__in=wanted).delete()
    OrganisationKind.objects.bulk_create(
        [OrganisationKind(organisation=organisation, kind=kind) for kind in sorted(wanted)],
        ignore_conflicts=True,
    )


# --- who may appoint whom ------------------------------------------------------------------------


def roles_to_give(by: User) -> list[Role]:
    """Return the roles that ``by`` may give: never more than an organisation's own affairs."""
    return [role for role in Role if by.scope().everything or role not in _CENTRAL_ROLES]


def appoint(
    user: User,
    role: Role,
    organisation: Organisation,
    *,
    by: User,
    at: dt.datetime,
    regions: Iterable[Region] = (),
    valid_from: dt.date | None = None,
    valid_until: dt.date | None = None,
) -> Membership:
    """Give ``user`` a role in an organisation that ``by`` administers.

    A system administrator gives every role. An organisation's administrator gives its own roles; those
    that see a region only in an office, and only for regions inside the office's own.
    Refuses ``not_administrator``, ``role_central``, ``office_only``, ``region_outside`` and what
    ``grant_role`` refuses.
    """
    places = list(regions) if role in REGION_ROLES else []
    if not by.scope().everything:
        _check_appointment(role, organisation, places, by, timezone.localdate(at))
    return grant_role(
        user,
        role,
        organisation,
        by=by,
        at=at,
        regions=places,
        valid_from=valid_from,
        valid_until=valid_until,
    )


def _check_appointment(
    role: Role, organisation: Organisation, places: list[Region], by: User, on: dt.date
) -> None:
    if organisation.pk not in by.scope().organisations(Role.ORG_ADMIN):
        raise DomainError("not_administrator", _("您不是这个机构的管理员。"), field="organisation")
    if role in _CENTRAL_ROLES:
        raise DomainError("role_central", _("这个角色由系统管理员授予。"), field="role")
    if role not in REGION_ROLES:
        return
    if not organisation.kinds.filter(kind__in=_OFFICES).exists():
        raise DomainError("office_only", _("这个角色只在人社部门或妇联授予。"), field="role")
    own = territory_of([organisation.region_code], on)
    if not all(any(low <= place.code <= high for low, high in own) for place in places):
        raise DomainError("region_outside", _("管辖地区超出了本机构的地区。"), field="regions")
