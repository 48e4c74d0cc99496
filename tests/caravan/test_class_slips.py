"""Slips by trainers for their classes and by coordinators for whom they help; and one bound on a phone."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from caravan.enums import ClassState, StaffRole
from caravan.models import TrainingClass
from cms.enums import AccountProof, AccountRelation, AffiliationKind
from cms.models import Organisation, Person, PersonAccount, PersonSlip, User
from cms.roles import Role
from cms.services.accounts import act_for, redeem_slip
from cms.services.affiliations import affiliate
from cms.services.memberships import grant_role, sync_roles
from tests.caravan.roll_world import (
    PLACE,
    assign,
    give_document,
    make_class,
    make_enrolment,
    make_organisation,
    make_person,
)

pytestmark = pytest.mark.django_db
CODE = re.compile(r'class="code">([^<]+)<')


@pytest.fixture
def training_class(db: None) -> TrainingClass:
    sync_roles()
    return make_class(state=ClassState.RUNNING)


def enrolled(training_class: TrainingClass, name: str = "") -> Person:
    person = make_person(name)
    make_enrolment(training_class, person)
    know(training_class.organisation, person)
    return person


def know(organisation: Organisation, person: Person) -> None:
    affiliate(
        person, organisation, AffiliationKind.ENROLMENT, region_code=PLACE, source="报名", by=None,
        at=timezone.now(),
    )  # fmt: skip


def staff(name: str, role: Role, organisation: Organisation) -> User:
    user = User.objects.create(username=name, display_name=name)
    grant_role(user, role, organisation, by=None, at=timezone.now(), valid_from=dt.date(2020, 1, 1))
    return user


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def community(name: str, code: str) -> User:
    organisation = Organisation.objects.create(name=name, short_code=f"C{code[-5:]}", region_code=code)
    return staff(name, Role.COORDINATOR, organisation)


def sheet(client: Client, address: str, *people: Person) -> Any:
    return client.post(address, {"person": [person.pk for person in people]})


def test_a_trainer_prints_slips_for_the_people_of_her_class_alone(training_class: TrainingClass) -> None:
    trainer = staff("jiangshi", Role.TRAINER, training_class.organisation)
    assign(training_class, trainer, StaffRole.TRAINER)
    person, stranger = enrolled(training_class, "王桂花"), make_person("外人")
    know(training_class.organisation, stranger)
    address = f"/teach/classes/{training_class.class_no}/slips/"
    client = client_of(trainer)
    assert address in client.get(f"/teach/classes/{training_class.class_no}/").content.decode()
    assert "王桂花" in client.get(address).content.decode()
    shown = sheet(client, address, person)
    assert "no-store" in shown.headers["Cache-Control"]
    (code,) = CODE.findall(shown.content.decode())
    slip = PersonSlip.objects.get()
    assert (slip.organisation, slip.created_by) == (training_class.organisation, trainer)
    assert "没有开凭条" in sheet(client, address, person, stranger).content.decode()
    assert PersonSlip.objects.count() == 1
    user = redeem_slip(code, phone="13900000417", password="hua-hua-1973", at=timezone.now())
    assert PersonAccount.objects.get(user=user, until__isnull=True).person == person
    other = staff("bieren", Role.TRAINER, training_class.organisation)
    assert client_of(other).get(address).status_code == 404
    assessor = staff("kaoping", Role.ASSESSOR, training_class.organisation)
    assign(training_class, assessor, StaffRole.ASSESSOR)
    assert client_of(assessor).get(address).status_code == 403
    TrainingClass.objects.filter(pk=training_class.pk).update(state=ClassState.CANCELLED)
    assert client.get(address).status_code == 403


def test_a_coordinator_prints_for_classes_at_her_place_and_for_whom_she_helps(
    training_class: TrainingClass,
) -> None:
    here, elsewhere = community("本村", PLACE), community("邻村", "990102001000")
    county = community("县妇联", "990101000000")
    person = enrolled(training_class, "王桂花")
    address = f"/community/classes/{training_class.class_no}/"
    client = client_of(here)
    assert address in client.get("/community/").content.decode()
    assert CODE.search(sheet(client, address, person).content.decode())
    for other in (elsewhere, county):
        assert client_of(other).get(address).status_code == 404
        assert address not in client_of(other).get("/community/").content.decode()
    helped, unknown = make_person("李秀兰"), make_person("没有名册")
    know(make_organisation(), helped)
    for one in (helped, unknown):
        act_for(elsewhere, one, AccountRelation.COORDINATOR, AccountProof.CONSENT, by=None, at=timezone.now())
    client = client_of(elsewhere)
    assert "李秀兰" in client.get("/community/").content.decode()
    assert sheet(client, "/community/slips/", person).status_code == 302  # not hers to help
    assert sheet(client, "/community/slips/", unknown).status_code == 302  # nobody knows him
    assert CODE.search(sheet(client, "/community/slips/", helped).content.decode())
    trainer = staff("jiangshi", Role.TRAINER, training_class.organisation)
    assert client_of(trainer).get("/community/").status_code == 403


def test_the_lists_ask_as_often_for_many(training_class: TrainingClass) -> None:
    here = community("本村", PLACE)
    client, counts = client_of(here), []
    for more in (2, 18):
        for _person in range(more):
            person = enrolled(training_class)
            give_document(person, "1234")
            act_for(
                here, person, AccountRelation.COORDINATOR, AccountProof.CONSENT, by=None, at=timezone.now()
            )
            make_class(state=ClassState.FILED, organisation=training_class.organisation)
        found = []
        for address in ("/community/", f"/community/classes/{training_class.class_no}/"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            found.append(len(queries))
        counts.append(found)
    assert counts[0] == counts[1]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_slip_binds_on_a_phone_and_a_guess_never_does(open_page: Any) -> None:
    from tests.harness.browser import PHONE

    sync_roles()
    training_class = make_class(state=ClassState.RUNNING)
    trainer = staff("jiangshi", Role.TRAINER, training_class.organisation)
    trainer.set_password("hua-hua-1973")
    trainer.save()
    assign(training_class, trainer, StaffRole.TRAINER)
    person = enrolled(training_class, "王桂花")
    desk = open_page(**PHONE)
    desk.goto("/account/sign-in/")
    desk.fill("[name=name]", "jiangshi")
    desk.fill("[name=password]", "hua-hua-1973")
    desk.click("button.btn-p")
    desk.goto(f"/teach/classes/{training_class.class_no}/slips/")
    desk.click(f"label[for=person-{person.pk}]")
    desk.click("button.btn-p")
    code = desk.inner_text(".code")
    assert desk.evaluate("document.documentElement.scrollWidth") <= 360
    phone = open_page(**PHONE)
    phone.goto("/account/slip/")
    phone.fill("[name=code]", "ABCD 2345")
    phone.click("button.btn-p")
    assert "这个码用不了" in phone.inner_text("main")
    assert not PersonAccount.objects.filter(person=person).exists()
    phone.fill("[name=code]", code)
    phone.click("button.btn-p")
    phone.fill("[name=phone]", "13900000417")
    phone.fill("[name=password]", "gui-hua-1974")
    phone.click("label[for=id_shared]")
    phone.click("button.btn-p")
    assert "王桂花，您好" in phone.inner_text("h1")
    assert PersonAccount.objects.get(person=person, until__isnull=True).user.phone == "13900000417"
    # It is a shared phone: left, nothing of her can be read, nor by going back.
    phone.goto("/me/data/")
    phone.click("aside.acting button")
    # Loaded: the browser goes back from no page that is still coming.
    phone.wait_for_url("**/account/locked/")
    phone.go_back()
    assert "王桂花" not in phone.content()
    phone.goto("/account/locked/")
    phone.fill("[name=password]", "gui-hua-1974")
    phone.click("button.btn-p")
    phone.wait_for_url("**/me/data/")
