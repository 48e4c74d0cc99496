"""Measure the plain way and ours."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cms.benching import BenchResult, benches, run_bench


class Command(BaseCommand):
    """``manage.py bench NAME [--size N] [--json] [--database URL]``; without a name the benches there are."""

    help = "Measure the plain way and ours on the same rows, in a temporary database of their own."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the name, the size and the form of the answer."""
        parser.add_argument("name", nargs="?", default="")
        parser.add_argument("--size", type=int, help="how many rows; each bench has its own default")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--database",
            default=os.environ.get("TEST_POSTGRES_URL", ""),
            help="a PostgreSQL server's URL where a database may be created and dropped; else a new SQLite file",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it and print the figures."""
        if not options["name"]:
            self.stdout.write("\n".join(benches.keys()))
            return
        if options["name"] not in benches:
            raise CommandError(
                f"No bench is called {options['name']}. There are: {', '.join(benches.keys())}"
            )
        try:
            found = run_bench(options["name"], options["size"], options["database"])
        except RuntimeError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(asdict(found), ensure_ascii=False))
        else:
            self._print(found)

    def _print(self, found: BenchResult) -> None:
        self.stdout.write(f"{found.name}, {found.size} rows")
        for title, figures in (("plain", found.plain), ("ours", found.ours), ("checks", found.checks)):
            self.stdout.write(f"  {title}")
            for key, value in figures.items():
                self.stdout.write(f"    {key:<20} {json.dumps(value, ensure_ascii=False)}")
        self.stdout.write(f"  ours is {found.ratio:.1f} times as fast as the plain way")
