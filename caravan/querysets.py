"""Named reads of the caravan; every list goes through ``visible_to``."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django.db import models
from django.db.models import Q

from caravan.enums import ON_ROLL, PUBLIC_STATES, SEATED, StopState

if TYPE_CHECKING:
    import datetime as dt

    from cms.models import User

AnyModel = TypeVar("AnyModel", bound=models.Model)


def _class_scope(user: User, prefix: str = "") -> Q:
    """Classes one's organisation runs or co-hosts, of one's region, or in which one has a duty."""
    scope = user.scope()
    name = f"{prefix}__" if prefix else ""
    return (
        Q(**{f"{name}organisation_id__in": scope.organisations()})
        | Q(**{f"{name}hosts__organisation_id__in": scope.organisations()})
        | _prefixed_region(user, f"{name}region_code")
        | Q(**{f"{name}staff__user": user})
    )


def _prefixed_region(user: User, field: str) -> Q:
    return user.scope().region_filter(field)


class RuleQuerySet(models.QuerySet[AnyModel]):
    """Rules of a place and time: public knowledge."""

    def visible_to(self, user: User) -> RuleQuerySet[AnyModel]:
        """Return all: rules are no secret."""
        return self


class VenueQuerySet(models.QuerySet[AnyModel]):
    """Venues by scope."""

    def visible_to(self, user: User) -> VenueQuerySet[AnyModel]:
        """Own venues, shared ones, and those in one's region."""
        scope = user.scope()
        if scope.everything:
            return self
        if not scope.grants:
            return self.none()
        return self.filter(
            Q(organisation_id__in=scope.organisations())
            | Q(is_shared=True)
            | scope.region_filter("region_code")
        )


class ResourceQuerySet(models.QuerySet[AnyModel]):
    """Trainers, vehicles and kits by scope."""

    def visible_to(self, user: User) -> ResourceQuerySet[AnyModel]:
        """Those of one's organisation."""
        scope = user.scope()
        if scope.everything:
            return self
        return self.filter(organisation_id__in=scope.organisations())


class TourQuerySet(models.QuerySet[AnyModel]):
    """Tours by scope."""

    def visible_to(self, user: User) -> TourQuerySet[AnyModel]:
        """Tours of one's organisation, or with a stop in one's region."""
        scope = user.scope()
        if scope.everything:
            return self
        return self.filter(
            Q(organisation_id__in=scope.organisations()) | scope.region_filter("stops__region_code")
        ).distinct()


class StopQuerySet(models.QuerySet[AnyModel]):
    """Stops by time and scope."""

    def public(self) -> StopQuerySet[AnyModel]:
        """Stops the public may know of."""
        return self.exclude(state=StopState.CANCELLED)

    def upcoming(self, on: dt.date) -> StopQuerySet[AnyModel]:
        """Stops that are not over ``on``."""
        return self.filter(ends_on__gte=on)

    def visible_to(self, user: User) -> StopQuerySet[AnyModel]:
        """Stops of one's organisation or region."""
        scope = user.scope()
        if scope.everything:
            return self
        return self.filter(Q(organisation_id__in=scope.organisations()) | scope.region_filter("region_code"))


class ClassQuerySet(models.QuerySet[AnyModel]):
    """Classes by state and scope."""

    def public(self) -> ClassQuerySet[AnyModel]:
        """Classes on the public schedule."""
        return self.filter(state__in=PUBLIC_STATES)

    def with_seats(self) -> ClassQuerySet[AnyModel]:
        """Annotate ``seats_taken`` and ``people_waiting``."""
        from caravan.enums import EnrolmentState

        seats: ClassQuerySet[AnyModel] = self.annotate(  # type: ignore[assignment]  # annotate() forgets the row's type
            seats_taken=models.Count(
                "enrolments", filter=Q(enrolments__state__in=sorted(SEATED)), distinct=True
            ),
            people_waiting=models.Count(
                "enrolments", filter=Q(enrolments__state=EnrolmentState.WAITING), distinct=True
            ),
        )
        return seats

    def at_communities_of(self, user: User) -> ClassQuerySet[AnyModel]:
        """Classes that the organisations ``user`` coordinates for run or host, or that are held at their place.

        A place is a town or village: an office of the whole county coordinates what it hosts, not the county.
        """
        from cms.models import Organisation
        from cms.roles import Role
        from cms.scope import code_range, in_ranges

        mine = user.scope().organisations(Role.COORDINATOR)
        places = Organisation.objects.filter(pk__in=mine).values_list("region_code", flat=True)
        held = in_ranges("region_code", [code_range(code) for code in places if not code.endswith("000000")])
        found = Q(organisation_id__in=mine) | Q(hosts__organisation_id__in=mine) | held
        return self.filter(found).distinct()

    def visible_to(self, user: User) -> ClassQuerySet[AnyModel]:
        """Classes one's organisation runs or co-hosts, of one's region, or in which one has a duty."""
        if user.scope().everything:
            return self
        return self.filter(_class_scope(user)).distinct()


class SessionQuerySet(models.QuerySet[AnyModel]):
    """Sessions by scope."""

    def visible_to(self, user: User) -> SessionQuerySet[AnyModel]:
        """Sessions one teaches, or of classes one sees."""
        if user.scope().everything:
            return self
        return self.filter(Q(trainer__user=user) | _class_scope(user, "training_class")).distinct()


class FilingQuerySet(models.QuerySet[AnyModel]):
    """Filings by scope."""

    def visible_to(self, user: User) -> FilingQuerySet[AnyModel]:
        """Filings of classes one sees."""
        if user.scope().everything:
            return self
        return self.filter(_class_scope(user, "training_class")).distinct()


class EnrolmentQuerySet(models.QuerySet[AnyModel]):
    """Enrolments by state and scope."""

    def seated(self) -> EnrolmentQuerySet[AnyModel]:
        """Enrolments that hold a seat."""
        return self.filter(state__in=sorted(SEATED))

    def on_roll(self) -> EnrolmentQuerySet[AnyModel]:
        """Enrolments on the roll, in its order."""
        return self.filter(state__in=sorted(ON_ROLL)).order_by("roll_no")

    def visible_to(self, user: User) -> EnrolmentQuerySet[AnyModel]:
        """Those of people one acts for, and of classes one sees."""
        if user.scope().everything:
            return self
        mine = Q(person__accounts__user=user, person__accounts__until__isnull=True)
        return self.filter(mine | _class_scope(user, "training_class")).distinct()


class AppendOnlyQuerySet(models.QuerySet[AnyModel]):
    """A log: rows are added, never changed."""

    def update(self, **kwargs: object) -> int:
        """Refuse: events are never changed."""
        raise TypeError("attendance events are never changed")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse: events are never removed."""
        raise TypeError("attendance events are never removed")
