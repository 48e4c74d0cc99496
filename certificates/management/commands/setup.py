"""Start a real office in an empty database: regions, the first organisation, its administrator, a catalogue."""

from __future__ import annotations

import csv
import datetime as dt
import getpass
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
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
from cms.models import Organisation, Region, User
from cms.regions import load_national_regions, load_regions, names_down_to
from cms.roles import Role
from cms.services.memberships import grant_role
from cms.services.organisations import create_organisation
from cms.services.policies import load_policies
from cms.services.signing_keys import ensure_installation_key
from cms.services.site import publish_home_page, publish_news_index
from cms.uscc import check_uscc
from courses.services.catalogue import load_catalogue, load_menus

_REGIONS_SINCE = dt.date(2000, 1, 1)


class Command(BaseCommand):
    """``manage.py setup``: asks nothing that an option already says; loads no demo person."""

    help = (
        "Start a real office in an empty database: regions (the national table, or your own file), "
        "the first organisation, its administrator, and a catalogue if you choose one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what the office is."""
        parser.add_argument(
            "--province",
            action="append",
            default=[],
            metavar="CODE",
            help="only this province out of the national table, such as 43; may be repeated",
        )
        parser.add_argument(
            "--regions",
            type=Path,
            help="CSV with the columns code,name: instead of the national table, or with --province beside it",
        )
        parser.add_argument("--organisation", required=True, help="name of the first organisation")
        parser.add_argument(
            "--code", required=True, help="its short code, used in class and certificate numbers"
        )
        parser.add_argument(
            "--region", required=True, help="its region code; the zeros at the end may be left out"
        )
        parser.add_argument("--kind", required=True, choices=OrganisationKindCode.values, help="what it is")
        parser.add_argument("--uscc", default="", help="its unified social credit code")
        parser.add_argument("--admin", required=True, help="user name of the first administrator")
        parser.add_argument("--password-file", type=Path, help="file with the password; asked for if absent")
        parser.add_argument(
            "--catalogue",
            nargs="?",
            type=Path,
            const=CATALOGUE,
            metavar="FILE",
            help="load a catalogue of courses; without a file the sample of 28 courses and 7 menus",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Set everything up in one transaction, or nothing."""
        if not is_empty():
            raise CommandError("这个数据库已经在用了，setup 只用于空的数据库。")
        at = timezone.now()
        try:
            if options["uscc"]:
                check_uscc(options["uscc"])  # before a person types a password twice for nothing
            password = _password(options["password_file"])
            with transaction.atomic():
                regions = _load_regions(options["province"], options["regions"])
                organisation = self._office(options, at)
                self._administrator(options["admin"], password, organisation, at)
                courses = self._site(catalogue=options["catalogue"], at=at)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except (DomainError, ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        self._report(organisation, options["admin"], regions, courses)

    def _report(self, organisation: Organisation, admin: str, regions: int, courses: int) -> None:
        """Say what there is now, and what comes next."""
        place = " ".join(names_down_to(organisation.region_code))
        self.stdout.write(f"{organisation} 已建好，管理员账号是 {admin}。")
        self.stdout.write(f"所在地区：{place}。行政区划 {regions} 个，课程 {courses} 门。")
        self.stdout.write(f"现在可以登录 {settings.PUBLIC_URL}/admin/。乡镇和村在“行政区划”里从文件导入。")

    @staticmethod
    def _office(options: dict[str, Any], at: dt.datetime) -> Organisation:
        region = options["region"].strip()
        return create_organisation(
            name=options["organisation"],
            short_code=options["code"],
            region_code=region.ljust(12, "0") if len(region) in {2, 4, 6, 9} else region,
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
    def _site(*, catalogue: Path | None, at: dt.datetime) -> int:
        publish_home_page(by=None, at=at)
        publish_news_index(by=None, at=at)
        load_policies(since=timezone.localdate(at), by=None, at=at)
        load_designs()
        load_national_rules(at=at)
        ensure_installation_key(at=at)
        courses = 0
        if catalogue:
            with catalogue.open(encoding="utf-8-sig", newline="") as file:
                courses = len(load_catalogue(csv.DictReader(file), by=None, at=at).created)
            if catalogue == CATALOGUE:
                load_menus(by=None, at=at)
        publish_caravan_pages(by=None, at=at)
        return courses


def _load_regions(provinces: list[str], path: Path | None) -> int:
    """Load the national table unless a file stands for it; return how many regions there are."""
    if provinces or path is None:
        load_national_regions(provinces)
    if path is not None:
        load_regions(path, valid_from=_REGIONS_SINCE)
    return Region.objects.count()


def _password(path: Path | None) -> str:
    if path is not None:
        password = path.read_text(encoding="utf-8").strip()
    else:
        password = getpass.getpass("管理员密码：")
    validate_password(password)
    if path is None and getpass.getpass("再输一遍：") != password:
        raise CommandError("两次输入的密码不一样。")
    return password
