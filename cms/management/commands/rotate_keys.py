"""Move everything that hangs on a key to the newest of ``FIELD_KEYS`` and ``LOOKUP_KEYS``."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from cms import crypto
from cms.enums import ItemState, JobState
from cms.errors import DomainError
from cms.jobs import carry_out
from cms.models import Job
from cms.services.rotation import key_states, start_rotation


class Command(BaseCommand):
    """``manage.py rotate_keys [--status]``: on live data, safe to interrupt and to run again."""

    help = "Move encrypted values and look-up digests to the newest keys; --status only counts."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--status``."""
        parser.add_argument(
            "--status", action="store_true", help="say what older keys still hold, change nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Start the job or join the one that runs, help to carry it out, and print what is left."""
        if not options["status"]:
            try:
                self._rotate()
            except DomainError as error:
                self.stdout.write(str(error))
        left = self._print_states()
        if left and not options["status"]:
            raise CommandError(f"{left} 项还在旧密钥下，旧密钥不能撤。")

    def _rotate(self) -> None:
        job = start_rotation(by=None, at=timezone.now())
        while not job.is_finished:
            carry_out(str(job.pk))  # returns at once while a worker holds the job
            job.refresh_from_db()
            done = job.items.exclude(state=ItemState.PENDING).count()
            self.stdout.write(f"{done}/{job.total}")
            if not job.is_finished:
                time.sleep(1)
        self._print_refused(job)

    def _print_refused(self, job: Job) -> None:
        for item in job.items.filter(state=ItemState.REFUSED):
            self.stderr.write(f"{item.label}：{item.message}")
        if job.state != JobState.DONE:
            raise CommandError(job.message or "没有完成，请再运行一次。")

    def _print_states(self) -> int:
        lookup = " ".join(crypto.lookup_key_ids())
        self.stdout.write(f"FIELD_KEYS {crypto.field_key_id()}  LOOKUP_KEYS {lookup}")
        states = key_states()
        for state in states:
            self.stdout.write(f"{state.label}：共 {state.total}，旧密钥 {state.stale}")
        return sum(state.stale for state in states)
