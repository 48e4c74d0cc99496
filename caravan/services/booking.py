"""The one table in which rooms, trainers, vehicles and kits are taken; only the planning services write it.

A resource is locked before its bookings are read, so that two planners see each other's bookings; on
PostgreSQL an exclusion constraint stands behind, on SQLite there is one writer at a time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from caravan.enums import PUBLIC_STATES, ResourceKind
from caravan.models import Booking, Kit, Room, Session, Stop, TrainerProfile, Vehicle
from cms.errors import DomainError
from cms.ui import dates

Resource = Room | TrainerProfile | Vehicle | Kit

# Always locked in this order, each kind by key: two plans cannot wait for each other.
_KINDS: dict[type[Model], ResourceKind] = {
    Room: ResourceKind.ROOM,
    TrainerProfile: ResourceKind.TRAINER,
    Vehicle: ResourceKind.VEHICLE,
    Kit: ResourceKind.KIT,
}


def resource_key(resource: Resource) -> str:
    """Return the one name under which the database keeps ``resource`` from being in two places."""
    return f"{_KINDS[type(resource)].value}:{resource.pk}"


def lock_resources(resources: Iterable[Resource]) -> None:
    """Lock the rows of ``resources`` in a fixed order until the transaction ends."""
    wanted = list(resources)
    for model in _KINDS:
        keys = sorted({resource.pk for resource in wanted if type(resource) is model})
        if keys:
            rows = model._default_manager.select_for_update(no_key=True)
            list(rows.filter(pk__in=keys).order_by("pk").values_list("pk"))


@dataclass(frozen=True)
class Clash:
    """A resource is taken already for a part of the time wanted."""

    kind: ResourceKind
    resource: str
    minutes: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    what: str

    def words(self) -> str:
        """Say what clashes with what and by how much."""
        when = f"{dates.day(self.starts_at)} {dates.time_range(self.starts_at, self.ends_at)}"
        values = {"resource": self.resource, "when": when, "what": self.what, "minutes": self.minutes}
        if self.kind == ResourceKind.TRAINER:
            return _("%(resource)s %(when)s 要上“%(what)s”，重叠 %(minutes)s 分钟。") % values
        return _("%(resource)s %(when)s 给“%(what)s”用了，重叠 %(minutes)s 分钟。") % values


def find_clashes(
    resources: Sequence[Resource],
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    *,
    organisation_id: int,
    ignore: Session | None = None,
) -> list[Clash]:
    """Return what stands in the way, in the order of ``resources``: one query.

    Another organisation's plan that is not public yet is not named.
    """
    names = {resource_key(resource): resource for resource in resources}
    taken = Booking.objects.filter(
        resource_key__in=names, starts_at__lt=ends_at, ends_at__gt=starts_at
    ).select_related("session__training_class", "stop__tour", "stop__venue")
    if ignore is not None:
        taken = taken.exclude(session=ignore)
    order = list(names)
    found = sorted(taken, key=lambda row: (order.index(row.resource_key), row.starts_at))
    return [
        Clash(
            kind=ResourceKind(row.resource_kind),
            resource=str(names[row.resource_key]),
            minutes=_overlap_minutes(row, starts_at, ends_at),
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            what=_what(row, organisation_id),
        )
        for row in found
    ]


def _overlap_minutes(row: Booking, starts_at: dt.datetime, ends_at: dt.datetime) -> int:
    return int((min(row.ends_at, ends_at) - max(row.starts_at, starts_at)).total_seconds() // 60)


def _what(row: Booking, organisation_id: int) -> str:
    if row.session is not None:
        other = row.session.training_class
        if other.organisation_id == organisation_id or other.state in PUBLIC_STATES:
            return f"{other.title}：{row.session.content}"
    elif row.stop is not None and row.stop.organisation_id == organisation_id:
        return f"{row.stop.tour.title} {row.stop.venue.name}"
    return _("其他机构的安排")


def book_for_session(session: Session) -> None:
    """Take the session's room and trainer; the old booking of a moved session goes first.

    Raises ``DomainError`` ``resource_taken`` when the database itself refuses (never after a lock).
    """
    session.bookings.all().delete()
    rows = [
        Booking(
            resource_kind=ResourceKind.ROOM, resource_key=resource_key(session.room), room=session.room,
            session=session, starts_at=session.starts_at, ends_at=session.ends_at,
        ),
        Booking(
            resource_kind=ResourceKind.TRAINER, resource_key=resource_key(session.trainer),
            trainer=session.trainer, session=session, starts_at=session.starts_at, ends_at=session.ends_at,
        ),
    ]  # fmt: skip
    _insert(rows)


def book_for_stop(stop: Stop, *, vehicle: Vehicle | None, kits: Sequence[Kit] = ()) -> None:
    """Take the caravan and the kits for the whole days of a stop; raise ``vehicle_clash`` or ``kit_clash``."""
    starts_at = _midnight(stop.starts_on)
    ends_at = _midnight(stop.ends_on + dt.timedelta(days=1))
    resources: list[Vehicle | Kit] = [*([vehicle] if vehicle else []), *kits]
    lock_resources(resources)
    clashes = find_clashes(resources, starts_at, ends_at, organisation_id=stop.organisation_id)
    if clashes:
        words = _("没有加上这一站：%(why)s") % {"why": "".join(clash.words() for clash in clashes)}
        raise DomainError(f"{clashes[0].kind}_clash", words, field=None, clashes=clashes)
    _insert(
        Booking(
            resource_kind=_KINDS[type(resource)], resource_key=resource_key(resource),
            vehicle=resource if isinstance(resource, Vehicle) else None,
            kit=resource if isinstance(resource, Kit) else None,
            stop=stop, starts_at=starts_at, ends_at=ends_at,
        )
        for resource in resources
    )  # fmt: skip


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def _insert(rows: Iterable[Booking]) -> None:
    try:
        with transaction.atomic():
            Booking.objects.bulk_create(rows)
    except IntegrityError as error:
        raise DomainError(
            "resource_taken", _("刚刚有人占了这段时间，什么都没有改。请换一个时间再试。")
        ) from error
