"""Load the demo world once: the story, classes in other states beside it, and one account a role."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from certificates.demo.accounts import SHOWN
from certificates.demo.cast import PARTS, demo_password
from certificates.demo.size import LARGEST, SMALLEST, USUAL, Size
from certificates.demo.world import is_demo, is_empty, is_whole, load_world, note_whole
from cms.roles import Role
from cms.services.memberships import sync_roles
from cms.services.sealing import seal_entries


class Command(BaseCommand):
    """``manage.py seed_demo``: does nothing when the demo world is there, refuses a real office's database."""

    help = "Load the demo world into an empty database and print its accounts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare how many people the world has."""
        parser.add_argument(
            "--people",
            type=int,
            default=USUAL,
            help=f"people of the county, {SMALLEST} to {LARGEST} ({USUAL}); more bring more classes",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Load and print."""
        if is_demo() and not is_whole():
            raise CommandError(
                "演示数据上次没有装完。请停下来，删掉数据文件夹 var（或 VAR_DIR 指的文件夹）再启动；"
                "用 PostgreSQL 的，换一个空的数据库。"
            )
        if is_demo():
            self.stdout.write("演示数据已经在了。")
        elif not is_empty():
            raise CommandError("这个数据库里有真实机构的数据，不能再装演示数据。请换一个空的数据库。")
        else:
            self._load(options["people"])
        self._print_accounts()

    def _load(self, people: int) -> None:
        try:
            size = Size(people)
        except ValueError:
            raise CommandError(f"--people 要在 {SMALLEST} 到 {LARGEST} 之间。") from None
        started = time.monotonic()
        sync_roles()  # the services ask what the roles may, also right after a bare migrate
        load_world(timezone.now(), tell=self.stdout.write, size=size)
        seal_entries(timezone.now())
        note_whole(timezone.now())
        self.stdout.write(f"演示数据装好了，用时 {time.monotonic() - started:.1f} 秒。")

    def _print_accounts(self) -> None:
        self.stdout.write("")
        self.stdout.write(f"演示账号（密码都是 {demo_password()}）：")
        for part in PARTS:
            self.stdout.write(f"  {part.username:18}{Role(part.role).label}  {part.name}")
        self.stdout.write("  19900010001       学员（凭条开通）")
        self.stdout.write("  19900020001       学员（自己注册）")
        for phone, _key, words in SHOWN:
            self.stdout.write(f"  {phone}       {words}")
