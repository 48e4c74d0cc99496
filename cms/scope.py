"""What a user may see: organisations and regions of the live memberships, asked once a request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Q

from cms.roles import ORGANISATION_ROLES, REGION_ROLES, Role

if TYPE_CHECKING:
    from cms.models import User

CodeRange = tuple[str, str]
# Of rules that hold everywhere; no region has it.
NATION = "0" * 12


def code_range(code: str) -> CodeRange:
    """Return the first and last 12-digit code below ``code`` (itself included).

    The code of zeros is the whole country.

    >>> code_range("990102000000")
    ('990102000000', '990102999999')
    >>> code_range("000000000000")
    ('000000000000', '999999999999')
    """
    if not code.strip("0"):
        return NATION, "9" * 12
    for end in (2, 4, 6, 9, 12):
        if set(code[end:]) <= {"0"}:
            return code[:end].ljust(12, "0"), code[:end].ljust(12, "9")
    return code, code


def widen_with_predecessors(codes: Iterable[str], successions: Iterable[tuple[str, str]]) -> set[str]:
    """Add every region that was merged into one of ``codes`` or below it, however many times over.

    ``successions`` are (predecessor, successor) pairs; a merged district keeps its history that way.
    """
    found = set(codes)
    pairs = list(successions)
    grown = True
    while grown:
        ranges = [code_range(code) for code in found]
        new = {old for old, heir in pairs if any(low <= heir <= high for low, high in ranges)} - found
        grown = bool(new)
        found |= new
    return found


def inside_with_predecessors(name: str, region_code: str) -> Q:
    """Return a filter on the region code field ``name``: in the region, or in one merged into it (one query)."""
    condition = Q(pk__in=[])
    for code in sorted(widen_with_predecessors([region_code], _successions())):
        low, high = code_range(code)
        condition |= Q(**{f"{name}__gte": low, f"{name}__lte": high})
    return condition


@dataclass(frozen=True)
class Grant:
    """One live membership: role, organisation and region ranges."""

    role: Role
    organisation_id: int
    ranges: tuple[CodeRange, ...] = ()


@dataclass(frozen=True)
class Scope:
    """The grants of one user on one day."""

    everything: bool
    grants: tuple[Grant, ...] = field(default=())

    def roles(self) -> frozenset[Role]:
        """Return the roles held."""
        return frozenset(grant.role for grant in self.grants)

    def organisations(self, *roles: Role) -> frozenset[int]:
        """Return ids of organisations whose facts the user sees: by office roles, or by the given ones."""
        wanted = roles or ORGANISATION_ROLES
        return frozenset(grant.organisation_id for grant in self.grants if grant.role in wanted)

    def ranges(self, *roles: Role) -> tuple[CodeRange, ...]:
        """Return region ranges of the region roles, or of the given ones."""
        wanted = roles or REGION_ROLES
        return tuple(
            code_range for grant in self.grants if grant.role in wanted for code_range in grant.ranges
        )

    def region_filter(self, name: str, *roles: Role) -> Q:
        """Return a filter on the region code field ``name``; nothing matches without a grant."""
        condition = Q(pk__in=[])
        for low, high in self.ranges(*roles):
            condition |= Q(**{f"{name}__gte": low, f"{name}__lte": high})
        return condition

    def covers(self, region_code: str, *roles: Role) -> bool:
        """Say whether a region role (or one of ``roles``) covers ``region_code``."""
        return any(low <= region_code <= high for low, high in self.ranges(*roles))


def scope_of(user: User, on: dt.date) -> Scope:
    """Read the live memberships of ``user``: two queries."""
    if user.is_superuser and user.is_active:
        return Scope(everything=True)
    memberships = list(user.memberships.live(on).prefetch_related("regions")) if user.is_active else []
    if not memberships:
        return Scope(everything=False)
    successions = _successions() if any(row.role in REGION_ROLES for row in memberships) else []
    grants = []
    for row in memberships:
        codes = widen_with_predecessors([region.code for region in row.regions.all()], successions)
        ranges = tuple(sorted(code_range(code) for code in codes))
        grants.append(Grant(Role(row.role), row.organisation_id, ranges))
    everything = any(grant.role == Role.SYSTEM_ADMIN for grant in grants)
    return Scope(everything=everything, grants=tuple(grants))


def _successions() -> list[tuple[str, str]]:
    from cms.models import RegionSuccession

    return list(RegionSuccession.objects.values_list("predecessor__code", "successor__code"))
