"""Look at the installation and say in words what is well, what is not, and what to do."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.operations.checks import Examined, Finding, Level, examine


class Command(BaseCommand):
    """``manage.py doctor``: exit code 0 when nothing is at fault (``--strict``: no warning either), else 1."""

    help = "Examine the installation: database, processes, files, keys, addresses; say what to do."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the shape of the answer."""
        parser.add_argument("--json", action="store_true", help="answer in JSON")
        parser.add_argument("--strict", action="store_true", help="exit with 1 for warnings too")
        parser.add_argument(
            "--language", choices=[code for code, _name in settings.LANGUAGES], default=settings.LANGUAGE_CODE
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print every finding; exit with 1 when somebody must act."""
        with translation.override(options["language"]):
            examined = examine(timezone.now())
            if options["json"]:
                self.stdout.write(json.dumps(_as_data(examined), ensure_ascii=False, indent=2))
            else:
                self._tell(examined)
        bad = {Level.FAULT, Level.WARNING} if options["strict"] else {Level.FAULT}
        if any(one.level in bad for one in examined):
            sys.exit(1)

    def _tell(self, examined: list[Examined]) -> None:
        for one in examined:
            self.stdout.write(self.style.MIGRATE_HEADING(one.title))
            for finding in one.findings:
                self.stdout.write(f"  {self._mark(finding)} {finding.text}")
                if finding.advice:
                    self.stdout.write(f"       → {finding.advice}")
        found = [finding.level for one in examined for finding in one.findings]
        faults, warnings = found.count(Level.FAULT), found.count(Level.WARNING)
        self.stdout.write("")
        if not faults and not warnings:
            self.stdout.write(self.style.SUCCESS(_("都好。")))
            return
        said = [
            ngettext("%(count)s 处故障", "%(count)s 处故障", count) % {"count": count} if level is Level.FAULT
            else ngettext("%(count)s 处提醒", "%(count)s 处提醒", count) % {"count": count}
            for level, count in ((Level.FAULT, faults), (Level.WARNING, warnings))
            if count
        ]  # fmt: skip
        self.stdout.write(_("，").join(said) + _("。"))

    def _mark(self, finding: Finding) -> str:
        if finding.level is Level.OK:
            return self.style.SUCCESS(_("[正常]"))
        return (
            self.style.ERROR(_("[故障]")) if finding.level is Level.FAULT else self.style.WARNING(_("[提醒]"))
        )


def _as_data(examined: list[Examined]) -> dict[str, Any]:
    levels = [one.level for one in examined]
    worst = max(levels, key=list(Level).index, default=Level.OK)
    return {
        "level": worst,
        "checks": [
            {
                "name": one.name,
                "title": one.title,
                "level": one.level,
                "findings": [
                    {"level": finding.level, "text": finding.text, "advice": finding.advice}
                    for finding in one.findings
                ],
            }
            for one in examined
        ],
    }
