"""Record health certificates: class of check, days, passed or not. Results are not asked and not kept."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.errors import DomainError
from cms.models import HealthCertificate, Organisation, Person, User
from cms.services.locking import lock_person


@transaction.atomic
def record_health_certificate(
    person: Person,
    organisation: Organisation,
    *,
    check_class: str,
    issued_on: dt.date,
    valid_until: dt.date,
    has_passed: bool,
    region_code: str,
    by: User | None,
    at: dt.datetime,
) -> HealthCertificate:
    """Record a certificate; the organisation's earlier entry of that class and day is superseded.

    The same said again changes nothing. Raises ``DomainError`` ``health_order`` and ``health_future``.
    """
    if valid_until < issued_on:
        raise DomainError("health_order", _("有效期不能早于发证日期。"), field="valid_until")
    if issued_on > timezone.localdate(at):
        raise DomainError("health_future", _("发证日期还没有到。"), field="issued_on")
    person = lock_person(person)
    earlier = HealthCertificate.objects.current().filter(
        person=person, organisation=organisation, check_class=check_class, issued_on=issued_on
    )
    old = list(earlier)
    for row in old:
        if (row.valid_until, row.has_passed) == (valid_until, has_passed):
            return row
    earlier.update(superseded_at=at)
    certificate = HealthCertificate.objects.create(
        person=person,
        organisation=organisation,
        region_code=region_code,
        check_class=check_class,
        issued_on=issued_on,
        valid_until=valid_until,
        has_passed=has_passed,
        recorded_at=at,
    )
    audit.record(
        "person.health", certificate, by=by, at=at, for_person=person, replaces=[row.pk for row in old],
        days=[issued_on.isoformat(), valid_until.isoformat()],
    )  # fmt: skip
    return certificate
