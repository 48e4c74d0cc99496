"""What a person is and where they work: rows with from and until, superseded and never overwritten."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.enums import AffiliationKind
from cms.errors import DomainError
from cms.models import GroupTag, InPostPeriod, Organisation, Person, User
from cms.querysets import live_on
from cms.services.affiliations import affiliate
from cms.services.locking import lock_person


@transaction.atomic
def record_in_post(
    person: Person,
    organisation: Organisation,
    *,
    employment_model: str,
    started_on: dt.date,
    ended_on: dt.date | None,
    region_code: str,
    by: User | None,
    at: dt.datetime,
) -> InPostPeriod:
    """Record that the person works for an employer from a day to a day, both inclusive.

    Raises ``DomainError`` ``in_post_order`` or ``in_post_overlap`` (same employer; two employers at the
    same time are a fact of agency work). The employer sees the person from now on.
    """
    if ended_on is not None and ended_on < started_on:
        raise DomainError("in_post_order", _("离岗日期不能早于上岗日期。"), field="ended_on")
    lock_person(person)
    others = InPostPeriod.objects.current().filter(person=person, organisation=organisation)
    overlapping = others.filter(_overlaps(started_on, ended_on, start="started_on", end="ended_on"))
    if overlapping.exists():
        message = _("这段时间在同一家单位已经登记过在岗，请先看看已有的时段。")
        raise DomainError("in_post_overlap", message, field="started_on")
    period = InPostPeriod.objects.create(
        person=person,
        organisation=organisation,
        region_code=region_code,
        employment_model=employment_model,
        started_on=started_on,
        ended_on=ended_on,
        recorded_at=at,
    )
    audit.record(
        "person.in_post", period, by=by, at=at, days=_days(started_on, ended_on), model=employment_model
    )
    affiliate(
        person,
        organisation,
        AffiliationKind.IN_POST,
        region_code=region_code,
        source=_("在岗登记"),
        by=by,
        at=at,
    )
    return period


@transaction.atomic
def end_in_post(period: InPostPeriod, *, ended_on: dt.date, by: User | None, at: dt.datetime) -> InPostPeriod:
    """Replace an open period by one that ends; the open one stays as what was known until ``at``.

    Raises ``DomainError`` ``in_post_order``, or ``in_post_ended`` when it has an end or was replaced.
    """
    period = InPostPeriod.objects.select_for_update().get(pk=period.pk)
    if period.ended_on is not None or period.superseded_at is not None:
        raise DomainError("in_post_ended", _("这段在岗已经登记了离岗。"), field="ended_on")
    if ended_on < period.started_on:
        raise DomainError("in_post_order", _("离岗日期不能早于上岗日期。"), field="ended_on")
    InPostPeriod.objects.filter(pk=period.pk).update(superseded_at=at)
    ended = InPostPeriod.objects.create(
        person_id=period.person_id,
        organisation_id=period.organisation_id,
        region_code=period.region_code,
        employment_model=period.employment_model,
        started_on=period.started_on,
        ended_on=ended_on,
        recorded_at=at,
    )
    audit.record("person.in_post_end", ended, by=by, at=at, days=_days(period.started_on, ended_on))
    return ended


def _overlaps(
    first: dt.date, last: dt.date | None, *, start: str = "valid_from", end: str = "valid_until"
) -> Q:
    """Rows that share a day with ``first`` to ``last``: live on the first day, or starting within."""
    within = Q(**{f"{start}__gte": first})
    if last is not None:
        within &= Q(**{f"{start}__lte": last})
    return live_on(first, start=start, end=end) | within


def _days(start: dt.date, end: dt.date | None) -> list[str]:
    return [start.isoformat(), end.isoformat() if end else ""]


@transaction.atomic
def tag_group(  # noqa: PLR0913  a proof has this many parts
    person: Person,
    group: str,
    organisation: Organisation,
    *,
    proof_number: str,
    checked_by: str,
    checked_on: dt.date | None,
    valid_from: dt.date,
    valid_until: dt.date | None,
    region_code: str,
    by: User | None,
    at: dt.datetime,
) -> GroupTag:
    """Record a person category; the organisation's earlier tag of that time is superseded, not overwritten.

    Without ``checked_on`` the tag counts for statistics only. The same tag said again changes nothing.
    Raises ``DomainError`` ``tag_order``, ``tag_checked_future``, ``tag_check_incomplete``.
    """
    _check_tag(checked_by, checked_on, valid_from, valid_until, on=timezone.localdate(at))
    lock_person(person)
    facts: dict[str, Any] = {
        "proof_number": proof_number.strip(),
        "checked_by": checked_by.strip(),
        "checked_on": checked_on,
        "valid_from": valid_from,
        "valid_until": valid_until,
        "region_code": region_code,
    }
    earlier = GroupTag.objects.current().filter(person=person, group=group, organisation=organisation)
    overlapping = list(earlier.filter(_overlaps(valid_from, valid_until)))
    for tag in overlapping:
        if all(getattr(tag, name) == value for name, value in facts.items()):
            return tag
    GroupTag.objects.filter(pk__in=[tag.pk for tag in overlapping]).update(superseded_at=at)
    tag = GroupTag.objects.create(
        person=person, group=group, organisation=organisation, recorded_at=at, **facts
    )
    audit.record(
        "person.tag",
        tag,
        by=by,
        at=at,
        group=group,
        verified=tag.is_verified,
        replaces=[old.pk for old in overlapping],
        days=_days(valid_from, valid_until),
    )
    return tag


def _check_tag(
    checked_by: str,
    checked_on: dt.date | None,
    valid_from: dt.date,
    valid_until: dt.date | None,
    *,
    on: dt.date,
) -> None:
    if valid_until is not None and valid_until < valid_from:
        raise DomainError("tag_order", _("截止日期不能早于起始日期。"), field="valid_until")
    if checked_on is not None and checked_on > on:
        raise DomainError("tag_checked_future", _("核验日期还没有到。"), field="checked_on")
    if bool(checked_by.strip()) != (checked_on is not None):
        message = _("核验要同时写明由谁（或按哪份名单）核验和核验日期。")
        raise DomainError("tag_check_incomplete", message, field="checked_by" if checked_on else "checked_on")
