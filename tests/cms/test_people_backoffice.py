"""人员 in the back office: scoped lists and pages, forms through services, sheets of slips."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cms.enums import AffiliationKind, EmploymentModel, IdType, OrganisationKindCode, PersonGroup, Sex
from cms.identity import demo_number
from cms.models import (
    Affiliation,
    AuditEntry,
    GroupTag,
    InPostPeriod,
    Organisation,
    Person,
    PersonAccount,
    PersonSlip,
    Region,
    User,
)
from cms.roles import Role
from cms.services import accounts, people
from cms.services.memberships import grant_role, sync_roles

pytestmark = pytest.mark.django_db

COUNTY = "990101000000"
ELSEWHERE = "990202000000"
LONG_AGO = dt.date(2020, 1, 1)


@pytest.fixture(autouse=True)
def _roles(db: None) -> None:
    sync_roles()


@pytest.fixture
def school() -> Organisation:
    return Organisation.objects.create(name="星河县家政培训学校", short_code="XH", region_code=COUNTY)


@pytest.fixture
def other() -> Organisation:
    return Organisation.objects.create(name="别县学校", short_code="BX", region_code=ELSEWHERE)


def staff(name: str, role: Role, organisation: Organisation, **more: Any) -> User:
    user = User.objects.create_user(name)
    grant_role(user, role, organisation, by=None, at=timezone.now(), valid_from=LONG_AGO, **more)
    return user


@pytest.fixture
def office(client: Client, school: Organisation) -> Client:
    client.force_login(staff("planner", Role.PLANNER, school))
    return client


def is_refused(answer: Any) -> bool:
    """Wagtail leads somebody without the right back to the start with a message."""
    return answer.status_code == 403 or (answer.status_code, answer.headers.get("Location")) == (
        302,
        "/admin/",
    )


def number(place: int) -> str:
    return demo_number(dt.date(1973, 4, 15), place, Sex.FEMALE)


def register(organisation: Organisation, place: int = 61, name: str = "王桂花", **more: Any) -> Person:
    person, _created = people.register_person(
        legal_name=name,
        id_type=IdType.CITIZEN_ID,
        number=number(place),
        organisation=organisation,
        kind=AffiliationKind.ROSTER,
        region_code=organisation.region_code,
        source="花名册",
        by=None,
        at=timezone.now(),
        **more,
    )
    return person


def text_of(client: Client, path: str) -> str:
    page = client.get(path)
    assert page.status_code == 200, path
    return page.content.decode()


def test_the_source_is_said_as_people_read_it(office: Client, school: Organisation) -> None:
    person = register(school)
    Affiliation.objects.filter(person=person).update(source="class:XH-2026-0001")
    text = text_of(office, f"/admin/people/inspect/{person.pk}/")
    assert "<td>XH-2026-0001</td>" in text and "class:XH" not in text


def test_the_list_shows_own_people_masked(office: Client, school: Organisation, other: Organisation) -> None:
    register(school, 61, phone="13900000417")
    register(other, 62, "李小红")
    text = text_of(office, "/admin/people/")
    assert "王桂花" in text
    assert f"9{'*' * 16}{number(61)[-1]}" in text
    assert "13900000417" in text
    assert number(61) not in text
    assert "李小红" not in text


def test_another_organisations_name_is_not_shown(
    office: Client, school: Organisation, other: Organisation
) -> None:
    person = register(school)
    register(other)
    assert "别县学校" not in text_of(office, "/admin/people/")
    detail = text_of(office, f"/admin/people/inspect/{person.pk}/")
    assert "星河县家政培训学校" in detail
    assert "别县学校" not in detail


@pytest.mark.parametrize(
    ("words", "found"),
    [("王桂", True), ("wanggui", True), ("Wang Gui", True), ("wgh", True), ("李", False), ("lxh", False)],
)
def test_people_are_found_by_name_and_spelling(
    office: Client, school: Organisation, words: str, found: bool
) -> None:
    register(school)
    page = office.get("/admin/people/results/", {"q": words})
    assert ("王桂花" in page.content.decode()) is found


def test_the_list_is_filtered(office: Client, school: Organisation) -> None:
    tagged, posted = register(school, 61), register(school, 62, "李小红")
    now = timezone.now()
    people.tag_group(
        tagged,
        PersonGroup.RURAL_TRANSFER,
        school,
        proof_number="",
        checked_by="",
        checked_on=None,
        valid_from=LONG_AGO,
        valid_until=None,
        region_code=COUNTY,
        by=None,
        at=now,
    )
    people.record_in_post(
        posted,
        school,
        employment_model=EmploymentModel.EMPLOYEE,
        started_on=LONG_AGO,
        ended_on=None,
        region_code=COUNTY,
        by=None,
        at=now,
    )
    for query, shown, hidden in (
        ({"group": PersonGroup.RURAL_TRANSFER}, "王桂花", "李小红"),
        ({"in_post": "true"}, "李小红", "王桂花"),
        ({"in_post": "false"}, "王桂花", "李小红"),
    ):
        text = office.get("/admin/people/results/", query).content.decode()
        assert shown in text
        assert hidden not in text
    page = office.get("/admin/people/", {"in_post": "false"}).content.decode()
    assert re.search(r"今天在岗[：:]\s*</span>\s*<b [^>]*>否</b>", page)
    assert re.search(r'<option value="unknown"[^>]*>不限</option>', page)
    text = office.get("/admin/people/results/", {"organisation": school.pk}).content.decode()
    assert "王桂花" in text
    assert "李小红" in text


def test_queries_do_not_grow_with_the_rows(
    office: Client, school: Organisation, django_assert_max_num_queries: Any
) -> None:
    counts = []
    for batch in (range(1, 3), range(3, 21)):
        for place in batch:
            register(school, place, "王桂花")
        text_of(office, "/admin/people/")
        with django_assert_max_num_queries(40) as seen:
            text_of(office, "/admin/people/")
        counts.append(len(seen))
    assert counts[0] == counts[1]


ABOUT_PERSON = [
    "inspect/{pk}/",
    "{pk}/document/",
    "{pk}/in-post/",
    "{pk}/group/",
    "{pk}/delegate/",
    "history/{pk}/",
]


@pytest.mark.parametrize("address", ABOUT_PERSON)
def test_other_organisations_people_are_unknown(office: Client, other: Organisation, address: str) -> None:
    person = register(other)
    path = "/admin/people/" + address.format(pk=person.pk)
    assert office.get(path).status_code == 404
    assert office.post(path, {}).status_code in (404, 405)


@pytest.mark.parametrize("address", ABOUT_PERSON[:-1])
def test_own_people_open(office: Client, school: Organisation, address: str) -> None:
    person = register(school)
    text = text_of(office, "/admin/people/" + address.format(pk=person.pk))
    assert number(61) not in text


def test_the_region_office_sees_people_but_changes_nothing(client: Client, school: Organisation) -> None:
    region = Region.objects.create(code=COUNTY, name="星河县", level=3, valid_from=LONG_AGO)
    bureau = Organisation.objects.create(name="县人社局", short_code="RS", region_code=COUNTY)
    client.force_login(staff("officer", Role.SUBSIDY_OFFICER, bureau, regions=[region]))
    person = register(school)
    text = text_of(client, f"/admin/people/inspect/{person.pk}/")
    assert "登记在岗" not in text
    listing = text_of(client, "/admin/people/")
    assert "王桂花" in listing
    assert 'name="person"' not in listing
    assert "凭条" not in text.replace("一次性凭条", "").replace("开一张凭条，本人拿手机就能绑定", "")
    for address in ABOUT_PERSON[1:-1]:
        assert is_refused(client.get("/admin/people/" + address.format(pk=person.pk)))
    assert is_refused(client.post("/admin/people/slips/", {"person": person.pk}))
    assert not PersonSlip.objects.exists()


def test_trainees_do_not_get_in(client: Client, school: Organisation) -> None:
    client.force_login(User.objects.create_user("trainee"))
    assert client.get("/admin/people/").status_code == 403
    assert client.post("/admin/people/slips/", {"person": register(school).pk}).status_code == 403


def new_person(school: Organisation, **changes: Any) -> dict[str, Any]:
    return {
        "legal_name": "王桂花",
        "id_type": IdType.CITIZEN_ID,
        "number": number(61),
        "phone": "139 0000 0417",
        "organisation": school.pk,
    } | changes


def test_a_person_is_registered_at_the_counter(office: Client, school: Organisation) -> None:
    assert 'name="number"' in text_of(office, "/admin/people/new/")
    page = office.post("/admin/people/new/", new_person(school), follow=True)
    person = Person.objects.get()
    assert page.redirect_chain == [(f"/admin/people/inspect/{person.pk}/", 302)]
    assert (person.phone, person.sex) == ("13900000417", Sex.FEMALE)
    assert AuditEntry.objects.filter(action="person.register", actor_id__isnull=False).exists()
    assert "登记人员" in page.content.decode()


def test_faults_stand_on_their_fields_and_nothing_is_saved(office: Client, school: Organisation) -> None:
    page = office.post("/admin/people/new/", new_person(school, number=number(61)[:17], phone="12"))
    text = page.content.decode()
    assert "您填了 17 位" in text
    assert "您填了 2 位" in text
    assert f'value="{number(61)[:17]}"' in text
    assert not Person.objects.exists()
    page = office.post("/admin/people/new/", new_person(school, phone="12"))
    assert "您填了 2 位" in page.content.decode()
    assert not Person.objects.exists()


def test_only_own_organisations_can_be_named(office: Client, other: Organisation) -> None:
    page = office.post("/admin/people/new/", new_person(other))
    assert page.status_code == 200
    assert not Person.objects.exists()


def test_a_number_known_elsewhere_links_without_a_word(
    office: Client, school: Organisation, other: Organisation
) -> None:
    person = register(other)
    page = office.post("/admin/people/new/", new_person(school), follow=True)
    assert page.redirect_chain == [(f"/admin/people/inspect/{person.pk}/", 302)]
    assert "登记好了" in page.content.decode()
    refused = office.post("/admin/people/new/", new_person(school, number=number(61), legal_name="李小红"))
    assert "登记的姓名和您填的不一样" in refused.content.decode()


def test_a_period_in_post_is_recorded_and_ended(office: Client, school: Organisation) -> None:
    person = register(school)
    path = f"/admin/people/{person.pk}/in-post/"
    data = {"organisation": school.pk, "employment_model": "employee", "started_on": "2025-04-01"}
    assert office.post(path, data).headers["Location"] == f"/admin/people/inspect/{person.pk}/"
    again = office.post(path, data)
    assert again.status_code == 200
    assert "已经登记过在岗" in again.content.decode()
    assert 'value="2025-04-01"' in again.content.decode()
    period = InPostPeriod.objects.get()
    end = f"/admin/people/in-post/{period.pk}/end/"
    assert "不能早于" in office.post(end, {"ended_on": "2025-03-31"}).content.decode()
    assert office.post(end, {"ended_on": "2025-12-31"}).status_code == 302
    assert InPostPeriod.objects.current().get().ended_on == dt.date(2025, 12, 31)
    assert office.get(end).status_code == 404


def test_another_employers_period_cannot_be_ended(
    office: Client, school: Organisation, other: Organisation
) -> None:
    person = register(school)
    period = people.record_in_post(
        person,
        other,
        employment_model=EmploymentModel.AGENCY,
        started_on=LONG_AGO,
        ended_on=None,
        region_code=ELSEWHERE,
        by=None,
        at=timezone.now(),
    )
    assert (
        office.post(f"/admin/people/in-post/{period.pk}/end/", {"ended_on": "2025-12-31"}).status_code == 404
    )
    assert period.pk == InPostPeriod.objects.current().get().pk


def test_a_group_is_tagged(office: Client, school: Organisation) -> None:
    person = register(school)
    path = f"/admin/people/{person.pk}/group/"
    data = {"organisation": school.pk, "group": PersonGroup.OUT_OF_POVERTY, "valid_from": "2026-01-01"}
    assert "核验要同时写明" in office.post(path, data | {"checked_by": "名单"}).content.decode()
    assert office.post(path, data).status_code == 302
    assert not GroupTag.objects.get().is_verified
    assert "脱贫人口" in text_of(office, f"/admin/people/inspect/{person.pk}/")


def test_the_counter_verifies_who_signed_up(office: Client, school: Organisation) -> None:
    user = accounts.sign_up(
        phone="13900000417",
        password="hua-hua-1973",
        legal_name="王桂花",
        id_type=IdType.CITIZEN_ID,
        number=number(61),
        at=timezone.now(),
    )
    person = PersonAccount.objects.get(user=user).person
    people.affiliate(
        person, school, AffiliationKind.ENROLMENT, region_code=COUNTY, source="报名", at=timezone.now()
    )
    assert "没有核验" in text_of(office, f"/admin/people/inspect/{person.pk}/")
    data = {"legal_name": "王桂花", "id_type": IdType.CITIZEN_ID, "number": number(61)}
    assert office.post(f"/admin/people/{person.pk}/document/", data).status_code == 302
    assert person.documents.get().last_four == number(61)[-4:]


def test_a_coordinator_is_entrusted(office: Client, school: Organisation, other: Organisation) -> None:
    person = register(school)
    mine = staff("helper", Role.COORDINATOR, school)
    staff("stranger", Role.COORDINATOR, other)
    village = Organisation.objects.create(name="某村民委员会", short_code="CW", region_code=COUNTY)
    village.kinds.create(kind=OrganisationKindCode.COMMUNITY)
    staff("neighbour", Role.COORDINATOR, village)
    path = f"/admin/people/{person.pk}/delegate/"
    text = text_of(office, path)
    assert "helper" in text
    assert "neighbour" in text
    assert "stranger" not in text
    assert office.post(path, {"account": mine.pk}).status_code == 200  # the paper was not seen
    assert office.post(path, {"account": mine.pk, "signed": "on"}).status_code == 302
    assert PersonAccount.objects.get().user == mine


def test_a_sheet_of_slips_works_once(office: Client, school: Organisation, settings: Any) -> None:
    settings.PUBLIC_URL = "https://caravan.example"
    chosen = [register(school, place, name) for place, name in ((1, "赵红"), (2, "钱红"), (3, "孙红"))]
    register(school, 4, "李红")
    page = office.post("/admin/people/slips/", {"person": [person.pk for person in chosen]})
    text = page.content.decode()
    codes = re.findall(r'<p class="code">(\w{4}) (\w{4})</p>', text)
    assert len(codes) == 3
    assert text.count("<svg") == 3
    assert "style=" not in text
    assert "李红" not in text
    assert f"尾号 {number(1)[-4:]}" in text
    assert "no-store" in page.headers["Cache-Control"]
    for (first, second), person in zip(codes, sorted(chosen, key=lambda row: row.name_pinyin), strict=True):
        assert accounts.find_slip(first + second, at=timezone.now()).person == person


def test_the_sheet_is_all_or_nothing(office: Client, school: Organisation, other: Organisation) -> None:
    own, foreign = register(school), register(other, 62, "李小红")
    page = office.post("/admin/people/slips/", {"person": [own.pk, foreign.pk]}, follow=True)
    assert "没有开凭条" in page.content.decode()
    assert "李小红" not in page.content.decode()
    assert not PersonSlip.objects.exists()


def test_a_sheet_has_limits(office: Client, school: Organisation) -> None:
    for wanted in ([], list(range(1, 52)), ["x"]):
        page = office.post("/admin/people/slips/", {"person": wanted}, follow=True)
        assert "请选 1 到 50 个人" in page.content.decode()
    assert office.get("/admin/people/slips/").status_code == 405


def test_the_history_is_in_words_and_scoped(
    office: Client, school: Organisation, other: Organisation
) -> None:
    person = register(school)
    register(other)
    office.post("/admin/people/slips/", {"person": person.pk})
    text = text_of(office, f"/admin/people/inspect/{person.pk}/")
    panel = text[text.index('id="history"') :]
    assert "开凭条" in panel
    assert panel.count("<td>关联机构") == 1  # the other organisation's entry is not shown
    assert "别县学校" not in panel


def test_there_is_no_edit_copy_or_delete(office: Client, school: Organisation) -> None:
    person = register(school)
    for address in (f"edit/{person.pk}/", f"delete/{person.pk}/", f"copy/{person.pk}/"):
        assert office.get(f"/admin/people/{address}").status_code in (403, 404)
    assert office.post(f"/admin/people/delete/{person.pk}/").status_code in (403, 404)
    assert Person.objects.filter(pk=person.pk).exists()
