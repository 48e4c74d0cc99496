"""Accounts with roles for the tests of signing in."""

from __future__ import annotations

import datetime as dt
import re

from django.test import Client
from django.utils import timezone

from cms.models import Organisation, Region, User
from cms.roles import REGION_ROLES, Role
from cms.services.memberships import grant_role, sync_roles

COUNTY = "990101000000"
PASSWORD = "hua-hua-1973"


def make_school(name: str = "星河县家政培训学校", short_code: str = "XH") -> Organisation:
    sync_roles()
    return Organisation.objects.create(name=name, short_code=short_code, region_code=COUNTY)


def make_staff(name: str, role: Role, organisation: Organisation) -> User:
    user = User.objects.create_user(name, password=PASSWORD, display_name=name)
    regions = []
    if role in REGION_ROLES:
        region, _made = Region.objects.get_or_create(
            code=COUNTY, defaults={"name": "星河县", "level": "county", "valid_from": dt.date(2000, 1, 1)}
        )
        regions = [region]
    grant_role(
        user, role, organisation, by=None, at=timezone.now(), valid_from=dt.date(2020, 1, 1), regions=regions
    )
    return user


def is_signed_in(client: Client) -> bool:
    return client.get("/me/").status_code == 200


def found_in(text: str, pattern: str) -> str:
    """Return the first group of ``pattern`` in a page."""
    match = re.search(pattern, text)
    assert match, f"{pattern} is not in the page"
    return match[1]
