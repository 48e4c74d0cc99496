"""Tell the whole chain in an empty database and print each step's figures."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from certificates.demo.size import Size
from certificates.demo.world import STEPS, is_empty, new_story, note_whole


class Command(BaseCommand):
    """``manage.py demo_journey``: menu to export, on whatever database and broker the settings name."""

    help = "Run the chain from menu to export in an empty database, printing each step's figures."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every step; any refusal that the story does not expect ends the command."""
        if not is_empty():
            raise CommandError("demo_journey 要一个空的数据库（migrate、sync_roles 之后）。")
        today = timezone.localdate()
        started = time.monotonic()
        story = new_story(today, self.stdout.write, Size())
        for step in STEPS:
            step(story)
        note_whole(timezone.now())
        self.stdout.write(f"全程走通，用时 {time.monotonic() - started:.1f} 秒")
