"""Named reads of the ground; every list goes through ``visible_to``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

if TYPE_CHECKING:
    import datetime as dt

    from cms.models import User

AnyModel = TypeVar("AnyModel", bound=models.Model)


def live_on(on: dt.date, *, start: str = "valid_from", end: str = "valid_until") -> Q:
    """Rows whose validity holds ``on``; both ends inclusive, an open end is for ever."""
    return Q(**{f"{start}__lte": on}) & (Q(**{f"{end}__isnull": True}) | Q(**{f"{end}__gte": on}))


class RegionQuerySet(models.QuerySet[AnyModel]):
    """Regions: public facts."""

    def in_use(self, on: dt.date) -> RegionQuerySet[AnyModel]:
        """Regions whose code holds ``on``."""
        return self.filter(live_on(on))

    def visible_to(self, user: User) -> RegionQuerySet[AnyModel]:
        """All of them; the back office asks of every model."""
        return self


class SuccessionQuerySet(models.QuerySet[AnyModel]):
    """Changes of regions: decrees are public."""

    def visible_to(self, user: User) -> SuccessionQuerySet[AnyModel]:
        """All of them; the back office asks of every model."""
        return self


class OrganisationQuerySet(models.QuerySet[AnyModel]):
    """Organisations by scope."""

    def visible_to(self, user: User) -> OrganisationQuerySet[AnyModel]:
        """Own organisations, and those in a region the user's office covers."""
        scope = user.scope()
        if scope.everything:
            return self
        return self.filter(Q(pk__in=scope.organisations()) | scope.region_filter("region_code"))


class LicenceQuerySet(models.QuerySet[AnyModel]):
    """Licences and filings: current rows by scope."""

    def current(self) -> LicenceQuerySet[AnyModel]:
        """Rows that nothing newer replaced."""
        return self.filter(superseded_at__isnull=True)

    def visible_to(self, user: User) -> LicenceQuerySet[AnyModel]:
        """Those of the organisations one sees."""
        scope = user.scope()
        if scope.everything:
            return self
        return self.filter(
            Q(organisation_id__in=scope.organisations()) | scope.region_filter("organisation__region_code")
        )


class PersonQuerySet(models.QuerySet[AnyModel]):
    """People by scope."""

    def visible_to(self, user: User) -> PersonQuerySet[AnyModel]:
        """People an account acts for, affiliated to one's organisation, or affiliated in one's region.

        Who was merged into another row is nobody any more: the other one stands for both.
        """
        scope = user.scope()
        standing = self.filter(merged_into__isnull=True)
        if scope.everything:
            return standing
        from cms.models import Affiliation, PersonAccount

        acted_for = PersonAccount.objects.filter(user=user, until__isnull=True).values("person_id")
        affiliated = Affiliation.objects.filter(
            Q(organisation_id__in=scope.organisations()) | scope.region_filter("region_code")
        ).values("person_id")
        return standing.filter(Q(pk__in=acted_for) | Q(pk__in=affiliated))


class PersonFactQuerySet(models.QuerySet[AnyModel]):
    """Facts about a person that an organisation recorded: current rows by scope.

    The model says in ``holds`` between which fields a fact is true; when it was known stands in
    ``recorded_at`` and ``superseded_at``. "True on 30 June as known on 30 June" is
    ``.known_at(moment).valid_on(day)``; as known today, ``.current().valid_on(day)``.
    """

    def current(self) -> Self:
        """Rows that nothing newer replaced."""
        return self.filter(superseded_at__isnull=True)

    def known_at(self, moment: dt.datetime) -> Self:
        """Rows that stood in the register at ``moment``: recorded by then, replaced only later."""
        replaced = Q(superseded_at__isnull=True) | Q(superseded_at__gt=moment)
        return self.filter(replaced, recorded_at__lte=moment)

    def valid_on(self, day: dt.date) -> Self:
        """Rows that say something about ``day``; both ends inclusive, an open end is for ever."""
        start, end = self.model.holds  # type: ignore[attr-defined]  # each model of facts has it
        since = Q(**{f"{start}__isnull": True}) | Q(**{f"{start}__lte": day})
        until = Q(**{f"{end}__isnull": True}) | Q(**{f"{end}__gte": day}) if end else Q()
        return self.filter(since & until)

    def visible_to(self, user: User) -> PersonFactQuerySet[AnyModel]:
        """The facts one's own organisation recorded or employs for, or in one's region."""
        scope = user.scope()
        if scope.everything:
            return self
        return self.filter(
            Q(organisation_id__in=scope.organisations())
            | scope.region_filter("region_code")
            | Q(person__accounts__user=user, person__accounts__until__isnull=True)
        ).distinct()


class EducationQuerySet(PersonFactQuerySet[AnyModel]):
    """What people finished: stands on the person's page, for whoever may see the person."""

    def visible_to(self, user: User) -> Self:
        """Those of people in scope."""
        from cms.models import Person

        return self.filter(person_id__in=Person.objects.visible_to(user).values("pk"))


class MergeQuerySet(models.QuerySet[AnyModel]):
    """Merges by whom one sees."""

    def visible_to(self, user: User) -> MergeQuerySet[AnyModel]:
        """Those whose kept person is in scope now."""
        from cms.models import Person

        return self.filter(kept_id__in=Person.objects.visible_to(user).values("pk"))


class ChangeQuerySet(models.QuerySet[AnyModel]):
    """Corrections of identity: seen by who proposed them and by who may decide."""

    def visible_to(self, user: User) -> ChangeQuerySet[AnyModel]:
        """Those of one's organisation, in one's region, and of people whom one's organisation shares."""
        scope = user.scope()
        if scope.everything:
            return self
        own = Q(organisation_id__in=scope.organisations()) | scope.region_filter("region_code")
        return self.filter(own | self._shared(user))

    def to_decide(self, user: User) -> ChangeQuerySet[AnyModel]:
        """Those that wait for this user: never one's own, nor those of one's own organisation.

        Another organisation that knows the person decides by its administrator; so does the office of a
        region in which somebody knows the person.
        """
        from cms.enums import ChangeState
        from cms.roles import Role

        scope = user.scope()
        waiting = self.filter(state=ChangeState.WAITING).exclude(proposed_by=user)
        if scope.everything:
            return waiting
        own = Q(organisation_id__in=scope.organisations(Role.ORG_ADMIN))
        return waiting.filter(self._shared(user) & (~own | self._in_region(user)))

    @staticmethod
    def _in_region(user: User) -> Q:
        from cms.models import Affiliation
        from cms.roles import Role

        known = Affiliation.objects.filter(user.scope().region_filter("region_code", Role.APPROVER))
        return Q(person_id__in=known.values("person_id"))

    @classmethod
    def _shared(cls, user: User) -> Q:
        from cms.models import Affiliation
        from cms.roles import Role

        organisations = user.scope().organisations(Role.ORG_ADMIN)
        known = Affiliation.objects.filter(organisation_id__in=organisations).values("person_id")
        return Q(person_id__in=known) | cls._in_region(user)


class OwnedQuerySet(models.QuerySet[AnyModel]):
    """Files and jobs: seen by who made them and by the organisation they were made for."""

    def visible_to(self, user: User) -> OwnedQuerySet[AnyModel]:
        """Own rows, those of an organisation while one works for it; its administrator sees them all."""
        from cms.roles import Role

        scope = user.scope()
        if scope.everything:
            return self
        here = {grant.organisation_id for grant in scope.grants}
        own = Q(created_by=user) & (Q(organisation__isnull=True) | Q(organisation_id__in=here))
        return self.filter(own | Q(organisation_id__in=scope.organisations(Role.ORG_ADMIN)))


class MembershipQuerySet(models.QuerySet[AnyModel]):
    """Memberships by date and scope."""

    def live(self, on: dt.date) -> MembershipQuerySet[AnyModel]:
        """Memberships that hold ``on``."""
        return self.filter(live_on(on))

    def visible_to(self, user: User) -> MembershipQuerySet[AnyModel]:
        """One's own, and those of organisations one administers."""
        from cms.roles import Role

        scope = user.scope()
        if scope.everything:
            return self
        return self.filter(Q(user=user) | Q(organisation_id__in=scope.organisations(Role.ORG_ADMIN)))


class UserQuerySet(models.QuerySet[AnyModel]):
    """Accounts by who looks after them."""

    def visible_to(self, user: User) -> UserQuerySet[AnyModel]:
        """One's own, and those that work for organisations one administers and for no other."""
        from cms.models import Membership
        from cms.roles import Role

        scope = user.scope()
        if scope.everything:
            return self
        live = Membership.objects.live(timezone.localdate())
        own = live.filter(organisation_id__in=scope.organisations(Role.ORG_ADMIN))
        others = live.exclude(organisation_id__in=scope.organisations(Role.ORG_ADMIN))
        above = live.filter(role=Role.SYSTEM_ADMIN)
        served = Q(pk__in=own.values("user_id")) & ~Q(pk__in=others.values("user_id"))
        served &= Q(is_superuser=False) & ~Q(pk__in=above.values("user_id"))
        return self.filter(Q(pk=user.pk) | served)


class AuditQuerySet(models.QuerySet[AnyModel]):
    """The audit log; insert only, so update and delete are refused before the database refuses them."""

    def visible_to(self, user: User) -> AuditQuerySet[AnyModel]:
        """Entries made for one's organisations, in one's regions, or by oneself."""
        scope = user.scope()
        if scope.everything:
            return self
        return self.filter(
            Q(actor_id=user.pk)
            | Q(organisation_id__in=scope.organisations())
            | scope.region_filter("region_code")
        )

    def update(self, **kwargs: object) -> int:
        """Refuse: entries are never changed."""
        raise TypeError("audit entries are never changed")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse: entries are never removed."""
        raise TypeError("audit entries are never removed")


class MessageQuerySet(models.QuerySet[AnyModel]):
    """Messages of an account: its own, and those of the people it acts for."""

    def visible_to(self, user: User) -> MessageQuerySet[AnyModel]:
        """Posted messages to the account or to somebody it acts for; an office sees the log instead."""
        from cms.models import PersonAccount

        people = PersonAccount.objects.filter(user=user, until__isnull=True).values("person_id")
        return self.filter(Q(user=user) | Q(person_id__in=people), posted_at__isnull=False)

    def unread_by(self, user: User) -> MessageQuerySet[AnyModel]:
        """Visible, still true and not yet read by this account."""
        from cms.enums import MessageState
        from cms.models import MessageRead

        read = MessageRead.objects.filter(user=user, message_id=models.OuterRef("pk"))
        return self.visible_to(user).filter(~models.Exists(read), state=MessageState.POSTED)


class DeliveryQuerySet(models.QuerySet[AnyModel]):
    """The delivery log by scope."""

    def visible_to(self, user: User) -> DeliveryQuerySet[AnyModel]:
        """What one's organisation told people, and what was told in one's region."""
        from cms.roles import Role

        scope = user.scope()
        if scope.everything:
            return self
        return self.filter(
            Q(organisation_id__in=scope.organisations(Role.ORG_ADMIN, Role.PLANNER))
            | scope.region_filter("region_code")
        )

    def failed(self) -> DeliveryQuerySet[AnyModel]:
        """What did not arrive, or may not have, and may be tried again."""
        from cms.enums import Channel, DeliveryState

        states = [DeliveryState.REFUSED, DeliveryState.UNKNOWN]
        return self.filter(state__in=states).exclude(channel=Channel.IN_SITE)


class QuietHoursQuerySet(models.QuerySet[AnyModel]):
    """Quiet hours: public facts."""

    def visible_to(self, user: User) -> QuietHoursQuerySet[AnyModel]:
        """All of them; the back office asks of every model."""
        return self


class SealQuerySet(models.QuerySet[AnyModel]):
    """Seals of the audit log: published facts, insert only."""

    def visible_to(self, user: User) -> SealQuerySet[AnyModel]:
        """All of them: a seal tells a time, a count and digests."""
        return self

    def update(self, **kwargs: object) -> int:
        """Refuse: seals are never changed."""
        raise TypeError("seals are never changed")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse: seals are never removed."""
        raise TypeError("seals are never removed")


class ExportRecordQuerySet(models.QuerySet[AnyModel]):
    """The log of exports: insert only."""

    def visible_to(self, user: User) -> ExportRecordQuerySet[AnyModel]:
        """One's own, those made for organisations one administers, and an auditor's region's."""
        from cms.roles import Role

        scope = user.scope()
        if scope.everything:
            return self
        return self.filter(
            Q(created_by=user)
            | Q(organisation_id__in=scope.organisations(Role.ORG_ADMIN))
            | scope.region_filter("region_code", Role.AUDITOR)
        )

    def update(self, **kwargs: object) -> int:
        """Refuse: what was taken out stays on record."""
        raise TypeError("export records are never changed")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse: what was taken out stays on record."""
        raise TypeError("export records are never removed")


class AdminOnlyQuerySet(models.QuerySet[AnyModel]):
    """What only a system administrator may see in the back office."""

    def visible_to(self, user: User) -> AdminOnlyQuerySet[AnyModel]:
        """Everything or nothing."""
        return self if user.scope().everything else self.none()


class PolicyQuerySet(models.QuerySet[AnyModel]):
    """Texts that people agree to: public, and never changed once they stand."""

    def visible_to(self, user: User) -> PolicyQuerySet[AnyModel]:
        """All of them; the back office asks of every model."""
        return self

    def update(self, **kwargs: object) -> int:
        """Refuse: another wording is another version."""
        raise TypeError("a text that people agreed to is never changed")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse: what was agreed to must stay readable."""
        raise TypeError("a text that people agreed to is never removed")


class AgreementQuerySet(models.QuerySet[AnyModel]):
    """Consents and undertakings: seen by who may know the person."""

    def visible_to(self, user: User) -> AgreementQuerySet[AnyModel]:
        """Those of people in scope."""
        from cms.models import Person

        if user.scope().everything:
            return self
        return self.filter(person_id__in=Person.objects.visible_to(user).values("pk"))
