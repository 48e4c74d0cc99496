"""Who works here: the posts that a user holds now, for the home screen and the side bar."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from cms.models import User
from cms.roles import Role


@dataclass(frozen=True)
class Post:
    """One live membership in words; ``regions`` are names, ``until`` the last day if there is one."""

    role: str
    organisation: str
    organisation_id: int
    regions: tuple[str, ...]
    until: dt.date | None


def posts_of(user: User) -> list[Post]:
    """Return the posts held today, in the order in which they began (two queries, once a request)."""
    known: list[Post] | None = user.__dict__.get("_posts")
    if known is None:
        rows = user.memberships.live(timezone.localdate()).order_by("valid_from", "pk")
        known = [
            Post(
                str(Role(row.role).label),
                row.organisation.name,
                row.organisation_id,
                tuple(region.name for region in row.regions.all()),
                row.valid_until,
            )
            for row in rows.select_related("organisation").prefetch_related("regions")
        ]
        user.__dict__["_posts"] = known
    return known
