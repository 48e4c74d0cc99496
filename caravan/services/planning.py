"""Tours, stops and classes: where the caravan goes and what is opened there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from caravan.enums import COUNTED_KINDS, SEATED, HostRole, StaffRole, StopState
from caravan.models import (
    ClassCourse,
    ClassHost,
    ClassNumberSeries,
    ClassStaff,
    Enrolment,
    Kit,
    Stop,
    Tour,
    TrainingClass,
    Vehicle,
    Venue,
)
from caravan.services.booking import book_for_stop
from caravan.services.states import FILED_STATES, lock_class, require_plannable
from caravan.services.telling import tell_class_moved
from caravan.services.waiting import offer_free_seats
from cms import audit
from cms.errors import DomainError, Refusals
from cms.models import Organisation, User
from courses.menus import refuse_picks, version_on
from courses.models import Course, CourseVersion, MenuVersion

_FIRST_NUMBER = 1


@transaction.atomic
def create_tour(
    *,
    organisation: Organisation,
    title: str,
    starts_on: dt.date,
    ends_on: dt.date,
    vehicle: Vehicle | None = None,
    by: User | None,
    at: dt.datetime,
) -> Tour:
    """Plan a round trip; stops are added one by one."""
    if ends_on < starts_on:
        raise DomainError("dates_order", _("返回日期早于出发日期，请改一处。"), field="ends_on")
    if vehicle is not None and vehicle.organisation_id != organisation.pk:
        raise DomainError("vehicle_elsewhere", _("这辆车不是本机构的。"), field="vehicle")
    tour = Tour.objects.create(
        organisation=organisation, title=title, vehicle=vehicle, starts_on=starts_on, ends_on=ends_on
    )
    audit.record("tour.create", tour, by=by, at=at, title=title)
    return tour


@transaction.atomic
def add_stop(  # noqa: PLR0913  the facts of a stop (requirement 15)
    tour: Tour,
    *,
    venue: Venue,
    starts_on: dt.date,
    ends_on: dt.date,
    contact_name: str,
    contact_phone: str,
    expected_people: int,
    audience: str = "",
    notes: str = "",
    kits: Sequence[Kit] = (),
    by: User | None,
    at: dt.datetime,
) -> Stop:
    """Add the next stop to ``tour``; its vehicle and ``kits`` are booked for these days.

    Raises ``Refusals`` (``dates_order``, ``outside_tour``, ``venue_elsewhere``) or ``vehicle_clash``,
    ``kit_clash`` with the other stop's name.
    """
    tour = Tour.objects.select_for_update().get(pk=tour.pk)
    _refuse(_stop_refusals(tour, venue, starts_on, ends_on))
    last = tour.stops.aggregate(last=Max("order"))["last"] or 0
    stop = Stop.objects.create(
        tour=tour,
        organisation_id=tour.organisation_id,
        order=last + 1,
        venue=venue,
        region_code=venue.region_code,
        starts_on=starts_on,
        ends_on=ends_on,
        contact_name=contact_name,
        contact_phone=contact_phone,
        expected_people=expected_people,
        audience=audience,
        notes=notes,
    )
    book_for_stop(stop, vehicle=tour.vehicle, kits=kits)
    audit.record("stop.create", stop, by=by, at=at, tour=tour.pk, venue=venue.pk, starts_on=str(starts_on))
    return stop


def _stop_refusals(tour: Tour, venue: Venue, starts_on: dt.date, ends_on: dt.date) -> list[DomainError]:
    found = []
    if ends_on < starts_on:
        found.append(DomainError("dates_order", _("结束日期早于开始日期，请改一处。"), field="ends_on"))
    if starts_on < tour.starts_on or ends_on > tour.ends_on:
        found.append(DomainError("outside_tour", _("这一站的日期不在巡回的日期里。"), field="starts_on"))
    if not may_use_venue(tour.organisation_id, venue):
        found.append(_venue_refusal())
    return found


def may_use_venue(organisation_id: int, venue: Venue) -> bool:
    """Say whether an organisation may teach there: its own venue, or one that is shared (domain row 10)."""
    return venue.is_shared or venue.organisation_id == organisation_id


def _venue_refusal() -> DomainError:
    return DomainError(
        "venue_elsewhere", _("这个场地不是本机构的，也没有借给其他机构。请换一个场地。"), field="venue"
    )


def _refuse(refusals: list[DomainError]) -> None:
    if len(refusals) == 1:
        raise refusals[0]
    if refusals:
        raise Refusals(refusals)


@transaction.atomic
def open_class(  # noqa: PLR0913  the facts of a class (requirement 7)
    *,
    organisation: Organisation,
    title: str,
    venue: Venue,
    region_code: str,
    menu_version: MenuVersion | None,
    courses: Sequence[Course],
    capacity: int,
    starts_on: dt.date,
    ends_on: dt.date,
    enrol_until: dt.datetime,
    stop: Stop | None = None,
    hosts: Iterable[tuple[Organisation, HostRole]] = (),
    by: User | None,
    at: dt.datetime,
) -> TrainingClass:
    """Open a draft class from the picks of a menu, frozen to the course versions valid on ``starts_on``.

    Raises ``DomainError`` or ``Refusals`` with every reason: the menu's own (``courses.menus``),
    ``no_courses``, ``no_version``, ``dates_order``, ``in_past``, ``enrol_until``, ``venue_elsewhere``,
    ``venue_no_rooms``, ``capacity_over_room``, ``capacity_none``, ``stop_elsewhere``, ``outside_stop``.
    """
    versions, pick_refusals = _frozen_picks(menu_version, list(courses), starts_on)
    refusals = _class_date_refusals(starts_on, ends_on, enrol_until, at=at)
    refusals += _place_refusals(organisation, venue, capacity)
    refusals += _stop_fit_refusals(organisation, stop, venue, starts_on, ends_on)
    _refuse(refusals + pick_refusals)
    training_class = TrainingClass.objects.create(
        class_no=_next_class_no(organisation, starts_on.year),
        title=title.strip(),
        organisation=organisation,
        menu_version=menu_version,
        stop=stop,
        venue=venue,
        region_code=region_code or venue.region_code,
        capacity=capacity,
        starts_on=starts_on,
        ends_on=ends_on,
        enrol_until=enrol_until,
        created_at=at,
    )
    ClassCourse.objects.bulk_create(
        ClassCourse(training_class=training_class, course_version=version, order=order)
        for order, version in enumerate(versions, start=_FIRST_NUMBER)
    )
    ClassHost.objects.bulk_create(
        ClassHost(training_class=training_class, organisation=host, role=role) for host, role in hosts
    )
    audit.record(
        "class.open", training_class, by=by, at=at, title=training_class.title, venue=venue.pk, capacity=capacity,
        starts_on=str(starts_on), ends_on=str(ends_on), courses=[str(version.pk) for version in versions],
    )  # fmt: skip
    return training_class


def _class_date_refusals(
    starts_on: dt.date, ends_on: dt.date, enrol_until: dt.datetime, *, at: dt.datetime
) -> list[DomainError]:
    found = []
    if ends_on < starts_on:
        found.append(DomainError("dates_order", _("结业日期早于开班日期，请改一处。"), field="ends_on"))
    if starts_on < timezone.localdate(at):
        found.append(DomainError("in_past", _("开班日期已经过了，请选今天以后的日期。"), field="starts_on"))
    if enrol_until < at:
        found.append(DomainError("enrol_until", _("报名截止时间已经过了，请往后改。"), field="enrol_until"))
    elif timezone.localdate(enrol_until) > ends_on:
        found.append(
            DomainError("enrol_until", _("报名截止时间晚于结业日期，请往前改。"), field="enrol_until")
        )
    return found


def _place_refusals(organisation: Organisation, venue: Venue, capacity: int) -> list[DomainError]:
    if not may_use_venue(organisation.pk, venue):
        return [_venue_refusal()]
    return _capacity_refusals(venue, capacity)


def _capacity_refusals(venue: Venue, capacity: int) -> list[DomainError]:
    if capacity < 1:
        return [DomainError("capacity_none", _("名额至少要有 1 个。"), field="capacity")]
    largest = venue.rooms.aggregate(most=Max("capacity"))["most"]
    if largest is None:
        return [DomainError("venue_no_rooms", _("这个场地还没有登记教室，请先登记教室。"), field="venue")]
    if capacity > largest:
        words = _("名额 %(capacity)s 个，这个场地最大的教室只坐得下 %(largest)s 人。")
        return [
            DomainError(
                "capacity_over_room", words % {"capacity": capacity, "largest": largest}, field="capacity"
            )
        ]
    return []


def _stop_fit_refusals(
    organisation: Organisation, stop: Stop | None, venue: Venue, starts_on: dt.date, ends_on: dt.date
) -> list[DomainError]:
    if stop is None:
        return []
    if stop.organisation_id != organisation.pk or stop.venue_id != venue.pk:
        return [DomainError("stop_elsewhere", _("这一站不在选的场地，请选同一个地方。"), field="stop")]
    if stop.state != StopState.PLANNED:
        return [DomainError("stop_over", _("这一站已经结束或取消了，请换一站。"), field="stop")]
    if starts_on < stop.starts_on or ends_on > stop.ends_on:
        return [_outside_stop()]
    return []


def _outside_stop() -> DomainError:
    return DomainError("outside_stop", _("班级的日期不在这一站的日期里。"), field="starts_on")


def _frozen_picks(
    menu_version: MenuVersion | None, picked: list[Course], on: dt.date
) -> tuple[list[CourseVersion], list[DomainError]]:
    """Return the versions valid ``on`` and every reason against them."""
    if not picked:
        return [], [DomainError("no_courses", _("还没有选课，请至少选一门。"), field="courses")]
    versions, refusals = [], []
    for course in picked:
        try:
            versions.append(version_on(course, on))
        except DomainError as error:
            refusals.append(DomainError(error.code, error.message, field="courses"))
    if menu_version is not None and not refusals:
        try:
            refuse_picks(menu_version, versions)
        except Refusals as error:
            refusals += [DomainError(one.code, one.message, field="courses") for one in error.refusals]
    return versions, refusals


def _next_class_no(organisation: Organisation, year: int) -> str:
    """Take the next number under the series' lock: a rolled back class gives it back, so no gap."""
    ClassNumberSeries.objects.get_or_create(organisation=organisation, year=year)
    series = ClassNumberSeries.objects.select_for_update().get(organisation=organisation, year=year)
    series.last += 1
    series.save(update_fields=["last"])
    return f"{organisation.short_code}-{year}-{series.last:04d}"


@transaction.atomic
def change_class(
    training_class: TrainingClass,
    *,
    title: str,
    capacity: int,
    starts_on: dt.date,
    ends_on: dt.date,
    enrol_until: dt.datetime,
    reason: str = "",
    by: User | None,
    at: dt.datetime,
) -> TrainingClass:
    """Change dates, seats or words of a class; after filing only with a reason (变更备案).

    New seats are offered to who waits, in order.

    Raises ``not_plannable``, ``reason_missing``, ``dates_order``, ``capacity_over_room``,
    ``capacity_below_enrolled`` (never below the seats taken), ``outside_stop``, ``sessions_outside``,
    ``version_not_valid`` (a frozen course version does not hold on the new first day).
    """
    training_class = lock_class(training_class)
    require_plannable(training_class, reason=reason)
    _refuse(_change_refusals(training_class, capacity, starts_on, ends_on, enrol_until))
    new: dict[str, Any] = {
        "title": title.strip(), "capacity": capacity, "starts_on": starts_on, "ends_on": ends_on,
        "enrol_until": enrol_until,
    }  # fmt: skip
    old = {name: getattr(training_class, name) for name in new}
    for name, value in new.items():
        setattr(training_class, name, value)
    training_class.save(update_fields=list(new))
    changed = {name: [str(old[name]), str(new[name])] for name in new if old[name] != new[name]}
    late = training_class.state in FILED_STATES and timezone.localdate(at) >= old["starts_on"]
    audit.record(
        "class.change", training_class, by=by, at=at, changed=changed, reason=reason.strip(), late=late
    )
    moved = (starts_on, ends_on) != (old["starts_on"], old["ends_on"])
    if moved and training_class.state in FILED_STATES:
        tell_class_moved(training_class, old_starts_on=old["starts_on"], by=by, at=at)
    if capacity > old["capacity"]:
        offer_free_seats(training_class, at=at)
    return training_class


def _change_refusals(
    training_class: TrainingClass,
    capacity: int,
    starts_on: dt.date,
    ends_on: dt.date,
    enrol_until: dt.datetime,
) -> list[DomainError]:
    found = _capacity_refusals(training_class.venue, capacity)
    if ends_on < starts_on:
        found.append(DomainError("dates_order", _("结业日期早于开班日期，请改一处。"), field="ends_on"))
    if timezone.localdate(enrol_until) > ends_on:
        found.append(
            DomainError("enrol_until", _("报名截止时间晚于结业日期，请往前改。"), field="enrol_until")
        )
    moved = (starts_on, ends_on) != (training_class.starts_on, training_class.ends_on)
    if starts_on != training_class.starts_on:
        found += _version_refusals(training_class, starts_on)
    stop = training_class.stop
    if moved and stop is not None and (starts_on < stop.starts_on or ends_on > stop.ends_on):
        found.append(_outside_stop())
    taken = Enrolment.objects.filter(training_class=training_class, state__in=SEATED).count()
    if capacity < taken:
        words = _("已经有 %(taken)s 人占了名额，名额不能少于这个数。") % {"taken": taken}
        found.append(DomainError("capacity_below_enrolled", words, field="capacity"))
    times = training_class.sessions.exclude(state="cancelled").values_list("starts_at", flat=True)
    if any(not starts_on <= timezone.localdate(time) <= ends_on for time in times):
        found.append(
            DomainError("sessions_outside", _("有的课不在新的日期里，请先改课或取消。"), field="starts_on")
        )
    return found


def _version_refusals(training_class: TrainingClass, on: dt.date) -> list[DomainError]:
    """The versions were frozen for another first day: each must be the one that holds on the new one."""
    found = []
    for row in training_class.class_courses.select_related("course_version__course"):
        frozen = row.course_version
        try:
            if version_on(frozen.course, on) == frozen:
                continue
        except DomainError:
            pass  # none holds: the same words tell it
        words = _("改到这一天，“%(course)s”要用别的课程版本。请选别的日期，或者另开一个班。")
        found.append(DomainError("version_not_valid", words % {"course": frozen.title}, field="starts_on"))
    return found


@transaction.atomic
def assign_staff(
    training_class: TrainingClass, user: User, role: StaffRole | str, *, by: User | None, at: dt.datetime
) -> ClassStaff:
    """Give ``user`` a duty in the class; a second time changes nothing.

    Raises ``not_plannable``, or ``assessor_teaches`` when one person would teach and assess (design §9).
    """
    training_class = lock_class(training_class)
    require_plannable(training_class, reason="-")
    clash = {StaffRole.ASSESSOR: StaffRole.TRAINER, StaffRole.TRAINER: StaffRole.ASSESSOR}.get(
        StaffRole(role)
    )
    teaches = (
        role == StaffRole.ASSESSOR
        and training_class.sessions.filter(trainer__user=user, kind__in=sorted(COUNTED_KINDS)).exists()
    )
    if teaches or (clash and training_class.staff.filter(user=user, role=clash).exists()):
        raise DomainError("assessor_teaches", _("同一个人不能又上课又考评，请换一位。"), field="user")
    staff, created = ClassStaff.objects.get_or_create(
        training_class=training_class, user=user, role=StaffRole(role)
    )
    if created:
        audit.record("class.staff_add", training_class, by=by, at=at, user=user.pk, role=str(role))
    return staff


@transaction.atomic
def remove_staff(staff: ClassStaff, *, by: User | None, at: dt.datetime) -> None:
    """End a duty; what was done in it stays. Ended already, nothing happens."""
    training_class = lock_class(staff.training_class)
    require_plannable(training_class, reason="-")
    gone, _rows = ClassStaff.objects.filter(pk=staff.pk).delete()
    if gone:
        audit.record("class.staff_remove", training_class, by=by, at=at, user=staff.user_id, role=staff.role)
