"""合并重复登记 in the back office: who sees which two, the questions, and every old way leads on."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cms.enums import AccountProof, AccountRelation, AffiliationKind, IdType, RegionLevel, Sex
from cms.identity import demo_number
from cms.models import Organisation, Person, PersonAccount, PersonMerge, Region, User
from cms.roles import Role
from cms.services import people
from cms.services.memberships import grant_role, sync_roles
from cms.services.merging import merge_people

pytestmark = pytest.mark.django_db

COUNTY = "990101000000"
LONG_AGO = dt.date(2020, 1, 1)


@pytest.fixture(autouse=True)
def _roles(db: None) -> None:
    sync_roles()


def school(name: str = "星河县家政培训学校", code: str = "XH", region: str = COUNTY) -> Organisation:
    return Organisation.objects.create(name=name, short_code=code, region_code=region)


def staff(name: str, role: Role, organisation: Organisation, **more: Any) -> User:
    user = User.objects.create_user(name)
    grant_role(user, role, organisation, by=None, at=timezone.now(), valid_from=LONG_AGO, **more)
    return user


def register(organisation: Organisation, place: int = 61, name: str = "王桂花", **more: Any) -> Person:
    person, _created = people.register_person(
        legal_name=name, id_type=IdType.CITIZEN_ID, number=demo_number(dt.date(1973, 4, 15), place, Sex.FEMALE),
        organisation=organisation, kind=AffiliationKind.ROSTER, region_code=organisation.region_code, source="花名册",
        by=None, at=timezone.now(), **more,
    )  # fmt: skip
    return person


def walk_in(organisation: Organisation, name: str = "王桂花", **facts: Any) -> Person:
    """Somebody who signed up and enrolled: known to the organisation, without a document."""
    person = Person.objects.create(legal_name=name, birth_date=dt.date(1973, 4, 15), **facts)
    people.affiliate(
        person, organisation, AffiliationKind.ENROLMENT, region_code=organisation.region_code, source="班级",
        at=timezone.now(),
    )  # fmt: skip
    return person


@pytest.fixture
def ours() -> Organisation:
    return school()


@pytest.fixture
def admin(client: Client, ours: Organisation) -> Client:
    client.force_login(staff("admin", Role.ORG_ADMIN, ours))
    return client


def confirm(client: Client, kept: Person, merged: Person, **answers: str) -> Any:
    path = f"/admin/people/{kept.pk}/merge/{merged.pk}/"
    page = client.get(path)
    assert page.status_code == 200
    [looked_at] = re.findall(r'name="looked_at" value="(\w+)"', page.content.decode())
    return client.post(path, {"looked_at": looked_at, "reason": "带证来窗口", **answers})


def test_two_are_found_compared_merged_and_parted_again(admin: Client, ours: Organisation) -> None:
    kept = register(ours, phone="13900000417")
    merged = walk_in(ours, phone="13900000417")
    user = User.objects.create_user("13900000417", display_name="王桂花")
    PersonAccount.objects.create(
        user=user,
        person=merged,
        relation=AccountRelation.SELF,
        proof=AccountProof.SIGN_UP,
        since=timezone.now(),
    )
    found = admin.get(f"/admin/people/{kept.pk}/merge/").content.decode()
    assert f"/admin/people/{kept.pk}/merge/{merged.pk}/" in found
    page = admin.get(f"/admin/people/{kept.pk}/merge/{merged.pk}/").content.decode()
    assert "1973-04-15" not in page
    assert "没有核验" in page
    assert "本人注册" in page
    answer = confirm(admin, kept, merged, accounts="follow")
    merge = PersonMerge.objects.get()
    assert answer.headers["Location"] == f"/admin/merges/inspect/{merge.pk}/"
    listed = admin.get("/admin/people/").content.decode()
    assert f"/admin/people/inspect/{merged.pk}/" not in listed
    for old in (f"inspect/{merged.pk}/", f"{merged.pk}/in-post/", f"{merged.pk}/merge/"):
        assert admin.get(f"/admin/people/{old}").headers["Location"] == f"/admin/people/inspect/{kept.pk}/"
    undone = admin.post(f"/admin/merges/inspect/{merge.pk}/", {"reason": "并错了"})
    assert undone.status_code == 302
    assert admin.get(f"/admin/people/inspect/{merged.pk}/").status_code == 200


def test_nothing_is_merged_unanswered_or_unseen(admin: Client, ours: Organisation) -> None:
    kept, merged = register(ours), walk_in(ours, "王桂华")
    path = f"/admin/people/{kept.pk}/merge/{merged.pk}/"
    assert "姓名不一样" in admin.get(path).content.decode()
    assert confirm(admin, kept, merged).status_code == 200
    seen = admin.post(path, {"reason": "x", "facts_differ": "kept", "looked_at": "old"})
    assert "又有了变化" in seen.content.decode()
    assert not PersonMerge.objects.exists()


def test_the_wrong_way_round_is_said_with_the_way_to_change(admin: Client, ours: Organisation) -> None:
    kept, merged = register(ours), walk_in(ours)
    page = admin.get(f"/admin/people/{merged.pk}/merge/{kept.pk}/").content.decode()
    assert "现在不能合并" in page
    assert f"/admin/people/{kept.pk}/merge/{merged.pk}/" in page
    assert "looked_at" not in page


def test_only_what_one_sees_and_may(admin: Client, ours: Organisation) -> None:
    kept, mine = register(ours), walk_in(ours)
    strange = walk_in(school("别县学校", "BX", "990202000000"))
    assert admin.get(f"/admin/people/{kept.pk}/merge/{strange.pk}/").status_code == 404
    assert admin.get(f"/admin/people/{strange.pk}/merge/{kept.pk}/").status_code == 404
    assert admin.get(f"/admin/people/{kept.pk}/merge/{kept.pk}/").status_code == 404
    planner = Client()
    planner.force_login(staff("planner", Role.PLANNER, ours))
    assert planner.get(f"/admin/people/{kept.pk}/merge/{mine.pk}/").status_code == 403
    assert planner.get("/admin/merges/").status_code != 200


def test_what_others_rely_on_is_merged_by_the_office_above_them(client: Client, ours: Organisation) -> None:
    other = school("星河县第二家政学校", "X2")
    kept, merged = register(ours), walk_in(ours)
    people.affiliate(merged, other, AffiliationKind.ROSTER, region_code=COUNTY, source="", at=timezone.now())
    client.force_login(staff("admin", Role.ORG_ADMIN, ours))
    page = client.get(f"/admin/people/{kept.pk}/merge/{merged.pk}/").content.decode()
    assert "地区主管部门" in page
    assert "第二家政学校" not in page
    county = Region.objects.create(code=COUNTY, name="星河县", level=RegionLevel.COUNTY, valid_from=LONG_AGO)
    client.force_login(staff("officer", Role.APPROVER, school("人社局", "RS"), regions=[county]))
    assert confirm(client, kept, merged).status_code == 302


def test_a_shared_phone_goes_on_acting_for_the_same_person(client: Client, ours: Organisation) -> None:
    user = User.objects.create_user("mother")
    kept, merged, child = register(ours), walk_in(ours), walk_in(ours, "李小红")
    for person, relation in ((child, AccountRelation.SELF), (merged, AccountRelation.FAMILY)):
        PersonAccount.objects.create(
            user=user, person=person, relation=relation, proof=AccountProof.SLIP, since=timezone.now()
        )
    client.force_login(user)
    client.post("/me/switch/", {"person": merged.pk})
    merge_people(kept, merged, choices={"accounts": "follow"}, reason="x", by=None, at=timezone.now())
    page = client.get("/me/")
    assert page.context["person"] == kept


def test_the_list_of_merges_asks_the_same_for_two_and_twenty(admin: Client, ours: Organisation) -> None:
    counts = []
    for already, wanted in ((0, 2), (2, 12)):
        for number in range(already, wanted):
            merge_people(
                walk_in(ours, f"甲{number}"), walk_in(ours, f"甲{number}"), choices={}, reason="x", by=None,
                at=timezone.now(),
            )  # fmt: skip
        admin.get("/admin/merges/")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert admin.get("/admin/merges/").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
