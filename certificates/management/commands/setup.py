"""Start a real office in an empty database: regions, the first organisation and its administrator."""

from __future__ import annotations

import csv
import datetime as dt
import getpass
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from caravan.services.pages import publish_caravan_pages
from caravan.services.rules import load_national_rules
from certificates.demo.stage import CATALOGUE
from certificates.demo.world import is_empty
from certificates.issuing.demo import load_designs
from cms import audit
from cms.enums import OrganisationKindCode
from cms.errors import DomainError
from cms.models import Organisation, User
from cms.regions import load_regions
from cms.roles import Role
from cms.services.memberships import grant_role
from cms.services.organisations import create_organisation
from cms.services.signing_keys import ensure_installation_key
from cms.services.site import publish_home_page
from courses.services.catalogue import load_catalogue, load_menus

_REGIONS_SINCE = dt.date(2000, 1, 1)


class Command(BaseCommand):
    """``manage.py setup``: asks nothing that an option already says; loads no demo person."""

    help = "Start a real office: regions from a CSV, the first organisation, its administrator."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what the office is."""
        parser.add_argument("--regions", type=Path, required=True, help="CSV with the columns code,name")
        parser.add_argument("--organisation", required=True, help="name of the first organisation")
        parser.add_argument(
            "--code", required=True, help="its short code, used in class and certificate numbers"
        )
        parser.add_argument("--region", required=True, help="its region code, 12 digits")
        parser.add_argument("--kind", required=True, choices=OrganisationKindCode.values, help="what it is")
        parser.add_argument("--uscc", default="", help="its unified social credit code")
        parser.add_argument("--admin", required=True, help="user name of the first administrator")
        parser.add_argument("--password-file", type=Path, help="file with the password; asked for if absent")
        parser.add_argument("--catalogue", action="store_true", help="load the sample catalogue and menus")

    def handle(self, *args: Any, **options: Any) -> None:
        """Set everything up in one transaction, or nothing."""
        if not is_empty():
            raise CommandError("这个数据库已经在用了，setup 只用于空的数据库。")
        at = timezone.now()
        try:
            password = _password(options["password_file"])
            with transaction.atomic():
                organisation = self._office(options, at)
                self._administrator(options["admin"], password, organisation, at)
                self._site(catalogue=options["catalogue"], at=at)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except (DomainError, ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{organisation} 已建好，管理员账号是 {options['admin']}。")

    @staticmethod
    def _office(options: dict[str, Any], at: dt.datetime) -> Organisation:
        load_regions(options["regions"], valid_from=_REGIONS_SINCE)
        return create_organisation(
            name=options["organisation"],
            short_code=options["code"],
            region_code=options["region"],
            kinds=[options["kind"]],
            uscc=options["uscc"],
            by=None,
            at=at,
        )

    @staticmethod
    def _administrator(name: str, password: str, organisation: Organisation, at: dt.datetime) -> None:
        user = User(username=name.strip(), display_name="系统管理员", date_joined=at)
        user.clean_fields(exclude=["password"])
        if user.username.isdigit():
            # A name of digits could be somebody's telephone, which also signs in.
            raise CommandError("管理员账号名不能全是数字。")
        user.set_password(password)
        user.save()
        audit.record("account.create", user, by=None, at=at)
        grant_role(user, Role.SYSTEM_ADMIN, organisation, by=None, at=at)

    @staticmethod
    def _site(*, catalogue: bool, at: dt.datetime) -> None:
        publish_home_page(by=None, at=at)
        load_designs()
        load_national_rules(at=at)
        ensure_installation_key(at=at)
        if catalogue:
            with CATALOGUE.open(encoding="utf-8-sig", newline="") as file:
                load_catalogue(csv.DictReader(file), by=None, at=at)
            load_menus(by=None, at=at)
        publish_caravan_pages(by=None, at=at)


def _password(path: Path | None) -> str:
    password = path.read_text(encoding="utf-8").strip() if path else getpass.getpass("管理员密码：")
    validate_password(password)
    return password
