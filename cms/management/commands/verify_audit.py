"""Check the audit log: entries, seals, chain, signatures."""

from __future__ import annotations

import datetime as dt
import json
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from cms.audit_check import Figures, Finding, check_log, seal_stands

_SHOWN = 1_000


class Command(BaseCommand):
    """``manage.py verify_audit``: 0 when everything fits, 1 when something does not."""

    help = "Check the audit log against its seals; name what is missing, added or changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare from when, and how to answer."""
        parser.add_argument("--since", type=_moment, help="only seals from this day or moment on (ISO 8601)")
        parser.add_argument(
            "--expect", action="append", default=[], metavar="NUMBER:DIGEST", type=_printed,
            help="a seal as printed on an evidence pack: is it still the chain's? May be repeated",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print findings as they are found; end with exit code 1 if there is one."""
        figures, count = Figures(), 0
        shown: list[dict[str, Any]] = []
        for finding in self._findings(figures, options):
            count += 1
            if options["json"]:
                shown += [asdict(finding)] if len(shown) < _SHOWN else []
            else:
                self.stdout.write(self.style.ERROR(f"{finding.kind}: {finding.text}"))
        if options["json"]:
            self.stdout.write(json.dumps(_answer(figures, shown, count), ensure_ascii=False))
        else:
            self._tell(figures, count)
        if count:
            raise CommandError(f"The audit log does not fit its seals: {count} findings.", returncode=1)

    def _findings(self, figures: Figures, options: dict[str, Any]) -> Iterator[Finding]:
        yield from check_log(figures, since=options["since"])
        for number, digest in options["expect"]:
            if not seal_stands(number, digest):
                yield Finding(
                    "seal_unknown", f"Seal {number} with digest {digest} is not in the chain.", number
                )

    def _tell(self, figures: Figures, count: int) -> None:
        self.stdout.write(
            f"{figures.entries} entries and {figures.seals} seals checked; {figures.unsealed} entries are not "
            f"sealed yet; {figures.notes_erased} typed notes were erased on request."
        )
        if figures.last_number:
            self.stdout.write(f"Latest seal: {figures.last_number}:{figures.last_digest}")
        if not count:
            self.stdout.write(self.style.SUCCESS("Everything fits."))


def _answer(figures: Figures, findings: list[dict[str, Any]], count: int) -> dict[str, Any]:
    return {
        "ok": not count,
        "entries": figures.entries,
        "seals": figures.seals,
        "unsealed": figures.unsealed,
        "notes_erased": figures.notes_erased,
        "latest": {"number": figures.last_number, "digest": figures.last_digest}
        if figures.last_number
        else None,
        "count": count,
        "findings": findings,
    }


def _moment(text: str) -> dt.datetime:
    moment = parse_datetime(text)
    day = parse_date(text) if moment is None else None
    if moment is None and day is None:
        raise ValueError(text)
    moment = moment or dt.datetime.combine(day or dt.date.min, dt.time.min)
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def _printed(text: str) -> tuple[int, str]:
    number, _colon, digest = text.partition(":")
    return int(number), digest
