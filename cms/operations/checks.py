"""The doctor's list: each app registers what it can say about its own health."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from cms.registry import Registry

logger = logging.getLogger(__name__)


class Level(StrEnum):
    """How bad it is; a fault needs somebody now."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True)
class Finding:
    """One sentence about one thing, and what to do about it where something is to be done."""

    level: Level
    text: str
    advice: str = ""


@dataclass(frozen=True)
class DoctorCheck:
    """``run`` looks and returns its findings in the language in force; it changes nothing."""

    title: str | Promise
    run: Callable[[dt.datetime], Iterable[Finding]]


@dataclass(frozen=True)
class Examined:
    """What one check found."""

    name: str
    title: str
    findings: tuple[Finding, ...]

    @property
    def level(self) -> Level:
        """The worst of its findings."""
        order = list(Level)
        return max((one.level for one in self.findings), key=order.index, default=Level.OK)


doctor_checks: Registry[DoctorCheck] = Registry("doctor_checks")


def ok(text: str) -> Finding:
    """Nothing to do."""
    return Finding(Level.OK, text)


def warning(text: str, advice: str = "") -> Finding:
    """It works, but somebody should look soon."""
    return Finding(Level.WARNING, text, advice)


def fault(text: str, advice: str = "") -> Finding:
    """It does not work or is not safe."""
    return Finding(Level.FAULT, text, advice)


def examine(at: dt.datetime) -> list[Examined]:
    """Run every check; one that breaks is a fault of its own and stops no other."""
    examined = []
    for name in doctor_checks.keys():  # noqa: SIM118 - a registry iterates over its items
        check = doctor_checks.get(name)
        try:
            findings = tuple(check.run(at))
        except Exception as error:
            logger.debug("doctor: %s broke", name, exc_info=True)
            findings = (
                fault(
                    _("没法检查：%(error)s。") % {"error": type(error).__name__},
                    _("先看上面标着“故障”的几项；都好了再查一遍。"),
                ),
            )
        if findings:  # else there is nothing of the kind in this installation
            examined.append(Examined(name, str(check.title), findings))
    return examined
