"""Likely doubles: who stands beside whom, who is shown them, and what is remembered."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cms.doubles import LikelyDoubles
from cms.models import AuditEntry, DoubleReview, Organisation, Person, PersonDocument, User
from cms.roles import Role
from cms.services.accounts import sign_up
from cms.services.doubles import part_people
from cms.services.memberships import sync_roles
from tests.cms.test_merging_backoffice import register, school, staff, walk_in

pytestmark = pytest.mark.django_db

BORN, OTHER = dt.date(1973, 4, 15), dt.date(1980, 1, 1)


@pytest.fixture(autouse=True)
def _roles(db: None) -> None:
    sync_roles()


def pairs(user: User) -> set[tuple[int, int]]:
    return {(like.one, like.other) for like in LikelyDoubles(user)}


def known(
    organisation: Organisation, name: str, birth: dt.date | None, phone: str, *, passport: bool
) -> Person:
    person = walk_in(organisation, name, phone=phone)
    Person.objects.filter(pk=person.pk).update(birth_date=birth)
    if passport:
        PersonDocument.objects.create(
            person=person,
            id_type="passport",
            number_token="x",
            masked="E*1",
            last_four="1",
            recorded_at=timezone.now(),
        )
    return person


@pytest.mark.both
@pytest.mark.parametrize(
    ("name", "birth", "phone", "passports", "listed"),
    [
        ("王桂花", BORN, "", (True, True), True),
        ("王桂花", OTHER, "13900000001", (True, True), True),
        ("王桂花", OTHER, "", (True, False), False),
        ("王桂花", None, "", (True, False), True),
        ("王桂花", None, "", (True, True), False),
        ("李小红", BORN, "13900000001", (False, False), False),
    ],
)
def test_two_of_one_name_are_listed_when_something_else_agrees(
    name: str, birth: dt.date | None, phone: str, passports: tuple[bool, bool], listed: bool
) -> None:
    ours = school()
    one = known(ours, "王桂花", BORN, "13900000001", passport=passports[0])
    other = known(ours, name, birth, phone, passport=passports[1])
    assert pairs(staff("admin", Role.ORG_ADMIN, ours)) == ({(one.pk, other.pk)} if listed else set())


def test_two_citizen_numbers_are_two_people() -> None:
    ours = school()
    register(ours, 61)
    register(ours, 62)
    assert not pairs(staff("admin", Role.ORG_ADMIN, ours))


@pytest.mark.both
def test_both_must_be_in_sight() -> None:
    ours, other = school(), school("别县学校", "BX", "990202000000")
    walk_in(ours)
    walk_in(other)
    assert not pairs(staff("admin", Role.ORG_ADMIN, ours))
    assert len(pairs(User.objects.create_superuser("root"))) == 1


def test_a_number_typed_at_sign_up_says_nothing() -> None:
    """Whether the number is the registered person's or not, the same pair is listed for the same reason."""
    ours = school()
    person = register(ours, 61)
    root = User.objects.create_superuser("root")
    seen = []
    for place, phone in ((61, "13900000001"), (62, "13900000002")):
        from cms.identity import demo_number

        user = sign_up(
            phone=phone, password="long enough 8", legal_name="王桂花", id_type="citizen_id",
            number=demo_number(BORN, place, "female"), at=timezone.now(),
        )  # fmt: skip
        own = user.person_accounts.get().person
        [like] = [like for like in LikelyDoubles(root) if {like.one, like.other} == {person.pk, own.pk}]
        seen.append((like.same_birth, like.same_phone))
    assert seen[0] == seen[1]


def test_who_was_parted_is_not_shown_again(client: Client) -> None:
    ours = school()
    one, other = walk_in(ours), walk_in(ours)
    admin = staff("admin", Role.ORG_ADMIN, ours)
    client.force_login(admin)
    english = client.get("/admin/people/doubles/", headers={"accept-language": "en"}).content.decode()
    assert "Same name, " in english and "Same name，" not in english
    page = client.get("/admin/people/doubles/").content.decode()
    assert f"/admin/people/{one.pk}/merge/{other.pk}/" in page
    answer = client.post(
        "/admin/people/doubles/not-same/", {"first": other.pk, "second": one.pk, "reason": "婆媳"}
    )
    assert answer.status_code == 302
    review = DoubleReview.objects.get()
    assert (review.first, review.second, review.reviewed_by) == (one, other, admin)
    assert not pairs(admin)
    part_people(one, other, reason="", by=admin, at=timezone.now())
    assert AuditEntry.objects.filter(action="person.not_same").count() == 1


def test_only_who_merges_parts_and_only_whom_one_sees(client: Client) -> None:
    ours, other = school(), school("别县学校", "BX", "990202000000")
    mine, strange = walk_in(ours), walk_in(other)
    client.force_login(staff("admin", Role.ORG_ADMIN, ours))
    both = {"first": mine.pk, "second": strange.pk}
    assert client.post("/admin/people/doubles/not-same/", both).status_code == 404
    client.force_login(staff("planner", Role.PLANNER, ours))
    assert client.get("/admin/people/doubles/").status_code == 403
    assert (
        client.post("/admin/people/doubles/not-same/", {"first": mine.pk, "second": mine.pk}).status_code
        == 403
    )


def test_a_page_asks_the_same_for_two_and_twenty(client: Client) -> None:
    ours = school()
    client.force_login(staff("admin", Role.ORG_ADMIN, ours))
    counts = []
    for already, wanted in ((0, 2), (2, 20)):
        for number in range(already, wanted):
            walk_in(ours, f"甲{number}")
            walk_in(ours, f"甲{number}")
        client.get("/admin/people/doubles/")
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/admin/people/doubles/").content.decode().count("不是同一个人") >= wanted
        counts.append(len(asked))
    assert counts[0] == counts[1]
