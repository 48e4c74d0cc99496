"""Venues with their rooms, vehicles, kits and trainers: what the planners plan with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TypeVar

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from caravan.models import Kit, Room, TrainerProfile, Vehicle, Venue
from cms import audit
from cms.errors import DomainError
from cms.models import User
from cms.regions import require_region
from cms.roles import Role

RoomFacts = Sequence[tuple[str, int]]
Named = TypeVar("Named", Vehicle, Kit, TrainerProfile)


@transaction.atomic
def save_venue(venue: Venue, rooms: RoomFacts, *, by: User | None, at: dt.datetime) -> Venue:
    """Store a venue and its rooms (name, seats); a room is renamed by nobody, only its seats change.

    Raises what ``require_region`` refuses, ``rooms_missing``, ``room_used`` (a room that holds sessions stays).
    """
    known = Venue.objects.filter(pk=venue.pk).values_list("region_code", flat=True).first()
    if known != venue.region_code:
        require_region(venue.region_code, timezone.localdate(at))
    if not rooms:
        raise DomainError("rooms_missing", _("至少要有一间教室。"), field="rooms")
    is_new = venue._state.adding
    if not is_new:  # two who save at once, or one who plans a room that goes, stand in line
        Venue.objects.select_for_update(no_key=True).get(pk=venue.pk)
        list(Room.objects.select_for_update().filter(venue=venue).order_by("pk"))
    venue.save()
    kept = dict(rooms)
    for room in venue.rooms.exclude(name__in=kept):
        if room.sessions.exists():
            raise DomainError(
                "room_used", _("“%(room)s”排过课，不能删。") % {"room": room.name}, field="rooms"
            )
        room.delete()
    for name, capacity in kept.items():
        Room.objects.update_or_create(venue=venue, name=name, defaults={"capacity": capacity})
    action = "venue.create" if is_new else "venue.change"
    audit.record(action, venue, by=by, at=at, name=venue.name, rooms=kept, is_shared=venue.is_shared)
    return venue


@transaction.atomic
def save_vehicle(vehicle: Vehicle, *, by: User | None, at: dt.datetime) -> Vehicle:
    """Store a vehicle."""
    return _save(vehicle, "vehicle", by=by, at=at)


@transaction.atomic
def save_kit(kit: Kit, *, by: User | None, at: dt.datetime) -> Kit:
    """Store a kit."""
    return _save(kit, "kit", by=by, at=at)


@transaction.atomic
def save_trainer(trainer: TrainerProfile, *, by: User | None, at: dt.datetime) -> TrainerProfile:
    """Store who teaches for an organisation.

    Raises ``not_a_trainer`` when the account has no live trainer's role there.
    """
    live = trainer.user.memberships.live(timezone.localdate(at)).filter(
        organisation=trainer.organisation_id, role=Role.TRAINER
    )
    if not live.exists():
        words = _("这个账号在本机构没有讲师角色，请先授权。")
        raise DomainError("not_a_trainer", words, field="user")
    return _save(trainer, "trainer", by=by, at=at)


def _save(row: Named, noun: str, *, by: User | None, at: dt.datetime) -> Named:
    action = f"{noun}.create" if row._state.adding else f"{noun}.change"
    before = _facts(type(row)._default_manager.filter(pk=row.pk).first())
    row.save()
    after = _facts(row)
    changed = {
        name: [before[name], after[name]] for name in after if before.get(name, after[name]) != after[name]
    }
    if isinstance(row, TrainerProfile):  # a trainer's facts are a person's: which of them, not what
        audit.record(action, row, by=by, at=at, fields=sorted(changed))
    else:
        audit.record(action, row, by=by, at=at, name=row.name, changed=changed)
    return row


def _facts(row: Named | None) -> dict[str, str]:
    """Return a row's stored values as text, by field."""
    if row is None:
        return {}
    fields = [field for field in row._meta.concrete_fields if not field.primary_key]
    return {field.name: str(field.value_from_object(row) or "") for field in fields}
