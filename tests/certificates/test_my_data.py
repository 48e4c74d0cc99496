"""What the upper apps keep about somebody, and what the law holds back from a deletion."""

from __future__ import annotations

import datetime as dt

import pytest

from cms.enums import DataField
from cms.models import Person
from cms.my_data import holds_on, kept_fields, sections_of
from cms.roles import Role
from cms.services.erasing import erase_person
from tests.certificates.claims_world import ClaimsWorld, make_claims_world
from tests.certificates.issuing_world import AT

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 4, 21)


@pytest.fixture
def world() -> ClaimsWorld:
    return make_claims_world()


def holds(person: Person, on: dt.date = TODAY) -> dict[str, bool]:
    return {hold.code: hold.blocks for hold in holds_on(person, on)}


def test_records_certificates_and_claims_are_shown_and_hold(world: ClaimsWorld) -> None:
    person = world.payable().person
    names = {name for name, _section in sections_of(person)}
    assert {"about", "groups", "enrolments", "records", "certificates", "claims"} <= names
    assert holds(person) == {"open_claim": True, "completed_record": False, "certificate": False}
    world.office_user("shenji", Role.AUDITOR)
    (audit,) = [hold for hold in holds_on(person, TODAY) if hold.code == "open_audit"]
    assert (audit.blocks, audit.until) == (True, dt.date(2099, 1, 1))


def test_a_certificate_stays_as_it_was_when_its_holder_is_erased(world: ClaimsWorld) -> None:
    certificate = world.certificate()
    person = certificate.person
    Person.objects.filter(pk=person.pk).update(phone="13900000417", address="红旗村")
    person.refresh_from_db()
    before = (certificate.snapshot, certificate.snapshot_sha256, certificate.holder_name)
    kept = kept_fields(holds_on(person, TODAY))
    assert DataField.PHONE not in kept
    erase_person(person, keeps=kept, by=None, at=AT)
    person.refresh_from_db()
    certificate.refresh_from_db()
    assert (person.phone, person.address) == ("", "")
    assert person.documents.get().number_token
    assert (certificate.snapshot, certificate.snapshot_sha256, certificate.holder_name) == before
