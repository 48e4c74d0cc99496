"""What a user may see: organisations and regions of the live memberships, asked once a request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Q

from cms.roles import ORGANISATION_ROLES, REGION_ROLES, Role
from cms.territory import NATION, CodeRange, Succession, code_range, territory

if TYPE_CHECKING:
    from cms.models import User

__all__ = [
    "NATION",
    "CodeRange",
    "Grant",
    "Scope",
    "code_range",
    "in_ranges",
    "scope_of",
    "succession_rows",
    "territory_of",
]


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
        return in_ranges(name, self.ranges(*roles))

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
    successions = succession_rows() if any(row.role in REGION_ROLES for row in memberships) else []
    grants = []
    for row in memberships:
        ranges = territory([region.code for region in row.regions.all()], successions, on)
        grants.append(Grant(Role(row.role), row.organisation_id, ranges))
    everything = any(grant.role == Role.SYSTEM_ADMIN for grant in grants)
    return Scope(everything=everything, grants=tuple(grants))


def territory_of(codes: Iterable[str], on: dt.date) -> tuple[CodeRange, ...]:
    """Return the ranges that regions cover ``on`` a day, predecessors included: one query."""
    return territory(codes, succession_rows(), on)


def in_ranges(name: str, ranges: Sequence[CodeRange]) -> Q:
    """Return a filter on the region code field ``name``; nothing matches no range."""
    condition = Q(pk__in=[])
    for low, high in ranges:
        condition |= Q(**{f"{name}__gte": low, f"{name}__lte": high})
    return condition


def succession_rows() -> list[Succession]:
    """Return every succession there is, past and to come: one query."""
    from cms.models import RegionSuccession

    rows = RegionSuccession.objects.values_list("predecessor__code", "successor__code", "on")
    return [Succession(*row) for row in rows]
