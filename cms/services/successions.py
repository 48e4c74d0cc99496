"""Regions that were merged, divided or renumbered: record it, look ahead at what follows, take it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms import audit
from cms.errors import DomainError
from cms.models import Affiliation, Membership, Organisation, Region, RegionSuccession, User
from cms.registry import Registry
from cms.roles import REGION_ROLES
from cms.scope import in_ranges, succession_rows
from cms.territory import CodeRange, Succession, code_range, contains, gained, territory


@dataclass(frozen=True)
class Contents:
    """A kind of thing that lies in a region: its words, and how many lie in some ranges."""

    label: str | Promise
    count: Callable[[Sequence[CodeRange]], int]


# "organisations", "classes" …: each app says what of its own a merged region brings along.
region_contents: Registry[Contents] = Registry("region_contents")


def rows_in_region(model: type[Model]) -> Contents:
    """Return the contents of a model whose rows carry ``region_code``, under the model's own name."""
    return Contents(
        model._meta.verbose_name or "",
        lambda ranges: model._default_manager.filter(in_ranges("region_code", ranges)).count(),
    )


def _people(ranges: Sequence[CodeRange]) -> int:
    rows = Affiliation.objects.filter(in_ranges("region_code", ranges))
    return rows.values("person").distinct().count()


region_contents.register("organisations", rows_in_region(Organisation))
region_contents.register("people", Contents(gettext_lazy("人员"), _people))


@dataclass(frozen=True)
class Preview:
    """What a succession would do: what the heir's offices will see, and whose grants stay behind."""

    regions: int
    contents: list[tuple[str, int]]
    gaining: list[Membership]
    staying: list[Membership]


def preview_succession(predecessor: Region, successor: Region, *, on: dt.date) -> Preview:
    """Look ahead at ``succeed_region``: refuses what it refuses, changes nothing."""
    _check(predecessor, successor, on)
    rows = [*succession_rows(), Succession(predecessor.code, successor.code, on)]
    before, after = (territory([successor.code], known, on) for known in (rows[:-1], rows))
    inherited = gained(before, after)
    grants = Membership.objects.live(on).filter(role__in=REGION_ROLES)
    grants = grants.select_related("user", "organisation").distinct()
    return Preview(
        regions=_below(predecessor).filter(valid_until__isnull=True).count(),
        contents=[(str(one.label), one.count(inherited)) for one in region_contents],
        gaining=list(grants.filter(regions__code__in=_around(successor.code))),
        staying=list(grants.filter(regions__in=_below(predecessor))),
    )


@transaction.atomic
def succeed_region(
    predecessor: Region, successor: Region, *, on: dt.date, document: str, by: User | None, at: dt.datetime
) -> RegionSuccession:
    """Record that ``predecessor`` went over into ``successor`` on the day ``on``.

    From that day grants on the heir cover it and, with it, everything below it that has not gone elsewhere.
    The predecessor's codes, and those below it, end the day before. A region that was divided is recorded
    once for each heir, smaller parts on their own. Refuses ``document_missing``, ``same_region``,
    ``succession_known``, ``old_not_begun``, ``heir_ended``, ``heir_not_begun``, ``heir_inside`` and ``succession_circle``.
    """
    if not document.strip():
        message = _("请填依据文件的文号，例如：民函〔2026〕12号。")
        raise DomainError("document_missing", message, field="document")
    # In one order, or two merges could wait for each other.
    locked = Region.objects.select_for_update().filter(pk__in={predecessor.pk, successor.pk}).order_by("pk")
    rows = {row.pk: row for row in locked}
    predecessor, successor = rows[predecessor.pk], rows[successor.pk]
    _check(predecessor, successor, on)
    succession = RegionSuccession.objects.create(
        predecessor=predecessor,
        successor=successor,
        on=on,
        document=document.strip(),
        recorded_at=at,
        recorded_by=by,
    )
    ended = (
        _below(predecessor).filter(valid_until__isnull=True, valid_from__lt=on).update(valid_until=_eve(on))
    )
    audit.record(
        "region.succeed",
        succession,
        by=by,
        at=at,
        predecessor=predecessor.code,
        successor=successor.code,
        on=on.isoformat(),
        document=document.strip(),
        ended=ended,
    )
    return succession


@transaction.atomic
def undo_succession(succession: RegionSuccession, *, by: User, at: dt.datetime) -> None:
    """Take back a succession that was recorded by mistake; the audit log keeps both.

    The codes that ended the day before are in use again, but for those that have another heir. Refuses
    ``succession_built_on`` when the heir itself has gone over into another since.
    """
    succession = RegionSuccession.objects.select_for_update().get(pk=succession.pk)
    predecessor, on = succession.predecessor, succession.on
    if RegionSuccession.objects.filter(predecessor=succession.successor).exists():
        message = _("并入地区后来又有变更，请先撤销后面那一次。")
        raise DomainError("succession_built_on", message)
    audit.record(
        "region.undo_succession",
        succession,
        by=by,
        at=at,
        predecessor=predecessor.code,
        successor=succession.successor.code,
        on=on.isoformat(),
        document=succession.document,
    )
    succession.delete()
    below = _below(predecessor).filter(valid_until=_eve(on))
    for other in RegionSuccession.objects.select_related("predecessor"):
        if contains(predecessor.code, other.predecessor.code) or contains(
            other.predecessor.code, predecessor.code
        ):
            below = below.exclude(in_ranges("code", [code_range(other.predecessor.code)]))
    below.update(valid_until=None)


def _check(predecessor: Region, successor: Region, on: dt.date) -> None:
    if predecessor.pk == successor.pk:
        raise DomainError("same_region", _("原地区和并入地区是同一个。"), field="successor")
    if contains(predecessor.code, successor.code):
        message = _("并入地区在原地区里面，不能这样登记。")
        raise DomainError("heir_inside", message, field="successor")
    if RegionSuccession.objects.filter(predecessor=predecessor, successor=successor).exists():
        raise DomainError("succession_known", _("这项变更已经登记过。"), field="successor")
    if predecessor.valid_from >= on:
        message = _("原地区 %(day)s 才启用，不能在那以前并入别处。") % {
            "day": predecessor.valid_from.isoformat()
        }
        raise DomainError("old_not_begun", message, field="on")
    if successor.valid_from > on:
        message = _("并入地区 %(day)s 才启用，晚于生效日期。") % {"day": successor.valid_from.isoformat()}
        raise DomainError("heir_not_begun", message, field="on")
    if successor.valid_until is not None and successor.valid_until < on:
        message = _("并入地区在生效日期已经停用，请填现在还在用的地区。")
        raise DomainError("heir_ended", message, field="successor")
    if _leads_back(predecessor.code, successor.code):
        message = _("并入地区是从原地区变过来的，这样登记会绕成一圈。")
        raise DomainError("succession_circle", message, field="successor")


def _leads_back(predecessor: str, successor: str) -> bool:
    """Say whether what lies in ``successor`` has gone over, in steps, into ``predecessor``."""
    rows = succession_rows()
    waiting, seen = {successor}, set[str]()
    while waiting:
        here = waiting.pop()
        if contains(predecessor, here):
            return True
        seen.add(here)
        waiting |= {row.successor for row in rows if contains(row.predecessor, here)} - seen
    return False


def _below(region: Region) -> QuerySet[Region]:
    return Region.objects.filter(in_ranges("code", [region.range]))


def _around(code: str) -> set[str]:
    return {code[:end].ljust(12, "0") for end in (2, 4, 6, 9, 12)}


def _eve(on: dt.date) -> dt.date:
    return on - dt.timedelta(days=1)
