"""Texts with versions, consents and undertakings: the services and the pages on the phone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from cms.enums import AccountProof, AccountRelation, AffiliationKind, ConsentWay, IdType, PolicyKind
from cms.errors import DomainError
from cms.identity import demo_number
from cms.models import AuditEntry, Consent, ConsentRule, Organisation, Person, PolicyText, Undertaking, User
from cms.roles import Role
from cms.scope import NATION
from cms.services import consents, policies
from cms.services.accounts import act_for, make_slip, redeem_slip, sign_up
from cms.services.memberships import grant_role, sync_roles
from cms.services.people import register_person

pytestmark = pytest.mark.django_db

COUNTY = "990101000000"
AT = timezone.now()
TODAY = timezone.localdate(AT)
TOMORROW = TODAY + dt.timedelta(days=1)
LONG_AGO = TODAY - dt.timedelta(days=90)


@pytest.fixture
def school() -> Organisation:
    return Organisation.objects.create(name="星河县家政培训学校", short_code="XH", region_code=COUNTY)


@pytest.fixture(autouse=True)
def _texts() -> None:
    policies.load_policies(since=LONG_AGO, by=None, at=AT)


def make_person(school: Organisation, serial: int = 60) -> Person:
    person, _new = register_person(
        legal_name="王桂花", id_type=IdType.CITIZEN_ID, number=demo_number(dt.date(1973, 4, 15), serial, "female"),
        organisation=school, kind=AffiliationKind.ROSTER, region_code=COUNTY, source="花名册", by=None, at=AT,
    )  # fmt: skip
    return person


@pytest.fixture
def person(school: Organisation) -> Person:
    return make_person(school)


@pytest.fixture
def user(person: Person) -> User:
    user = User.objects.create_user("wang")
    act_for(user, person, AccountRelation.SELF, AccountProof.SLIP, by=None, at=AT)
    return user


def in_force(kind: str, language: str = "zh-hans", on: dt.date = TODAY) -> PolicyText:
    return policies.texts_in_force(on, language, [kind])[kind]


def publish(kind: str, body: str, valid_from: dt.date = TODAY) -> PolicyText:
    return policies.publish_policy(kind, {"zh-hans": ("标题", body)}, valid_from=valid_from, by=None, at=AT)[
        0
    ]


def agree_to_all(person: Person, user: User) -> None:
    missing = consents.missing_texts([person.pk], COUNTY, at=AT)
    consents.agree_to(person, missing[person.pk], way=ConsentWay.SCREEN, by=user, at=AT)


def actions(subject: Any) -> list[str]:
    rows = AuditEntry.objects.filter(object_type=subject._meta.label_lower, object_id=str(subject.pk))
    return list(rows.order_by("at", "id").values_list("action", flat=True))


def test_the_version_in_force_is_the_newest_whose_day_has_come() -> None:
    assert in_force(PolicyKind.PRIVACY).version == 1
    coming = publish(PolicyKind.PRIVACY, "以后的话", TODAY + dt.timedelta(days=3))
    assert in_force(PolicyKind.PRIVACY).version == 1
    after = policies.texts_in_force(coming.valid_from, "en", [PolicyKind.PRIVACY])
    assert after[PolicyKind.PRIVACY] == coming, "without an English wording the Chinese one is shown"
    assert in_force(PolicyKind.PRIVACY, "en").title == "Privacy notice"


@pytest.mark.both
def test_a_text_is_never_changed() -> None:
    text = in_force(PolicyKind.PRIVACY)
    text.body = "别的"
    with pytest.raises(TypeError):
        text.save()
    with pytest.raises(TypeError):
        PolicyText.objects.filter(pk=text.pk).update(body="别的")
    with pytest.raises(DatabaseError), transaction.atomic():
        PolicyText.objects.filter(pk=text.pk)._raw_delete("default")
    assert PolicyText.objects.filter(pk=text.pk).exists()


@pytest.mark.parametrize(
    ("body", "day", "code"),
    [("", 0, "policy_words"), ("新的话", -91, "policy_day")],
)
def test_a_version_needs_words_and_a_day_after_the_last(body: str, day: int, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        publish(PolicyKind.PRIVACY, body, TODAY + dt.timedelta(days=day))
    assert refused.value.code == code


def test_a_version_without_a_change_is_refused_and_a_change_is_shown() -> None:
    first = publish(PolicyKind.PHOTO, "一\n\n二")
    with pytest.raises(DomainError) as refused:
        publish(PolicyKind.PHOTO, " 一\n\n\n二 ")
    assert refused.value.code == "policy_same"
    changes = policies.changes_between(first, publish(PolicyKind.PHOTO, "一\n\n三"))
    signs = {change.text: change.sign for change in changes}
    assert signs == {"标题": "same", "一": "same", "二": "removed", "三": "added"}


def test_consent_is_given_once_withdrawn_and_given_again(person: Person, user: User) -> None:
    text = in_force(PolicyKind.PHOTO)
    first = consents.give_consent(person, text, way=ConsentWay.SCREEN, by=user, at=AT)
    assert (
        consents.give_consent(person, in_force(PolicyKind.PHOTO, "en"), way=ConsentWay.SCREEN, by=user, at=AT)
        == first
    )
    consents.withdraw_consent(first, by=user, at=AT)
    consents.withdraw_consent(first, by=user, at=AT)
    assert actions(first) == ["consent.give", "consent.withdraw"]
    again = consents.give_consent(person, text, way=ConsentWay.SCREEN, by=user, at=AT)
    assert again != first
    assert Consent.objects.filter(person=person, withdrawn_at__isnull=True).count() == 1


def test_an_undertaking_is_signed_once(person: Person, user: User) -> None:
    text = in_force(PolicyKind.TRAINEE_UNDERTAKING)
    signed = consents.sign_undertaking(person, text, way=ConsentWay.SCREEN, by=user, at=AT)
    assert consents.sign_undertaking(person, text, way=ConsentWay.PAPER, by=user, at=AT) == signed
    assert actions(signed) == ["undertaking.sign"]
    with pytest.raises(DomainError) as refused:
        consents.give_consent(person, text, way=ConsentWay.SCREEN, by=user, at=AT)
    assert refused.value.code == "text_kind"


def test_nobody_agrees_to_an_old_wording_or_on_a_day_to_come(person: Person, user: User) -> None:
    old = in_force(PolicyKind.PHOTO)
    new = publish(PolicyKind.PHOTO, "新的话")
    for text, signed_on, code in (
        (old, None, "text_not_in_force"),
        (new, TOMORROW, "signed_later"),
    ):
        with pytest.raises(DomainError) as refused:
            consents.give_consent(person, text, way=ConsentWay.PAPER, by=user, at=AT, signed_on=signed_on)
        assert refused.value.code == code
    assert not Consent.objects.exists()


def test_rules_say_what_a_region_asks_and_a_new_version_asks_again(person: Person, user: User) -> None:
    asked = consents.missing_texts([person.pk], COUNTY, at=AT)[person.pk]
    assert [text.kind for text in asked] == [PolicyKind.PRIVACY, PolicyKind.TRAINING]
    agree_to_all(person, user)
    assert consents.missing_texts([person.pk], COUNTY, at=AT) == {}
    publish(PolicyKind.PRIVACY, "新的话")
    [again] = consents.missing_texts([person.pk], COUNTY, at=AT)[person.pk]
    assert (again.kind, again.version) == (PolicyKind.PRIVACY, 2)
    for kind, required in ((PolicyKind.PRIVACY, False), (PolicyKind.TRAINEE_UNDERTAKING, True)):
        rule = ConsentRule(region_code=COUNTY, kind=kind, is_required=required, valid_from=TODAY)
        policies.save_consent_rule(rule, by=None, at=AT)
    assert [text.kind for text in consents.missing_texts([person.pk], COUNTY, at=AT)[person.pk]] == [
        PolicyKind.TRAINEE_UNDERTAKING
    ], "the county waives one and adds another"
    assert [text.kind for text in consents.missing_texts([person.pk], NATION, at=AT)[person.pk]] == [
        PolicyKind.PRIVACY
    ]


def test_papers_of_many_take_as_many_statements_as_of_two(
    school: Organisation, django_assert_max_num_queries: Any
) -> None:
    counts = []
    for serials in (range(100, 102), range(200, 220)):
        people = [make_person(school, serial) for serial in serials]
        with django_assert_max_num_queries(15) as seen:
            made = consents.record_paper_consents(
                people, region_code=COUNTY, kept_by=school, signed_on=LONG_AGO, by=None, at=AT
            )
        assert made == 2 * len(people)
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert AuditEntry.objects.filter(action="consent.give").count() == Consent.objects.count() == 44


def new_account() -> User:
    return sign_up(
        phone="13900000417", password="xinghe-2026-a", legal_name="田小雨", id_type=IdType.CITIZEN_ID,
        number=demo_number(dt.date(1986, 4, 12), 306, "female"), at=AT,
    )  # fmt: skip


def test_signing_up_is_a_consent_that_goes_with_the_proven_person(
    person: Person, school: Organisation
) -> None:
    user = new_account()
    own = Person.objects.get(accounts__user=user)
    assert {row.text.kind for row in own.consents.all()} == {PolicyKind.PRIVACY, PolicyKind.TRAINING}
    officer = User.objects.create_user("officer")
    _slip, code = make_slip(person, school, by=officer, at=AT)
    redeem_slip(code, user=user, at=AT)
    assert [link.person for link in user.person_accounts.filter(until__isnull=True)] == [person]
    assert person.consents.count() == 2
    assert consents.missing_texts([person.pk], COUNTY, at=AT) == {}


def test_on_the_phone_one_reads_agrees_sees_and_withdraws(client: Client, user: User, person: Person) -> None:
    client.force_login(user)
    assert "报名前要先看一看说明" in client.get("/me/").content.decode()
    page = client.get("/me/consents/")
    assert "我们是办家政培训的" in page.content.decode()
    form = page.context["form"]
    refused = client.post("/me/consents/", {form.needed[0]: "on"})
    assert "请看过《培训登记同意书》再打勾。" in refused.content.decode()
    assert not Consent.objects.exists()
    ticked = dict.fromkeys(form.needed, "on")
    answer = client.post("/me/consents/", {**ticked, "next": "/stops/"})
    assert answer.headers["Location"] == "/stops/"
    assert client.post("/me/consents/", {"next": "https://elsewhere.example/"}).headers["Location"] == "/me/"
    assert "报名前要先看一看说明" not in client.get("/me/").content.decode()
    text = client.get("/me/data/").content.decode()
    assert "隐私说明" in text
    consent = person.consents.get(text__kind=PolicyKind.PRIVACY)
    where = f"/me/consents/{consent.pk}/withdraw/"
    assert where in text
    assert "已经上的课、已经发的证，照样算数。" in client.get(where).content.decode()
    client.post(where)
    assert "已撤回" in client.get("/me/data/").content.decode()
    assert client.get(where).status_code == 404
    assert "报名前要先看一看说明" in client.get("/me/").content.decode()


def test_a_coordinator_records_the_paper_of_who_she_helps(
    client: Client, school: Organisation, person: Person
) -> None:
    helper = User.objects.create_user("helper")
    grant_role(helper, Role.COORDINATOR, school, by=None, at=AT, valid_from=LONG_AGO)
    act_for(helper, person, AccountRelation.COORDINATOR, AccountProof.CONSENT, by=None, at=AT)
    client.force_login(helper)
    page = client.get(f"/me/consents/?person={person.pk}")
    assert "您在替 王桂花 办" in page.content.decode()
    data = {
        **dict.fromkeys(page.context["form"].needed, "on"),
        "way": "paper",
        "signed_on": LONG_AGO.isoformat(),
    }
    assert client.post("/me/consents/", data).status_code == 302
    assert set(person.consents.values_list("way", "signed_on", "given_by")) == {
        ("paper", LONG_AGO, helper.pk)
    }
    stranger = make_person(school, 77)
    assert client.get(f"/me/consents/?person={stranger.pk}").status_code == 404


def test_nobody_withdraws_for_somebody_else(client: Client, user: User, school: Organisation) -> None:
    other = make_person(school, 78)
    theirs = consents.give_consent(other, in_force(PolicyKind.PHOTO), way=ConsentWay.PAPER, by=None, at=AT)
    client.force_login(user)
    assert client.post(f"/me/consents/{theirs.pk}/withdraw/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.withdrawn_at is None


def test_the_public_page_shows_what_holds_and_what_held(client: Client) -> None:
    publish(PolicyKind.PRIVACY, "新的话")
    text = client.get("/privacy/").content.decode()
    assert "新的话" in text
    assert "/privacy/privacy/1/" in text
    old = client.get("/privacy/privacy/1/").content.decode()
    assert "这是以前的版本，现在不用了。" in old
    assert "证件号码加密保存" in old
    new = client.get("/privacy/privacy/2/").content.decode()
    assert "<del>证件号码加密保存" in new
    assert client.get("/privacy/privacy/9/").status_code == 404
    client.cookies["django_language"] = "en"
    assert "Consent to photographs" in client.get("/privacy/").content.decode()


def test_the_office_publishes_a_version_and_records_a_paper(
    client: Client, person: Person, school: Organisation
) -> None:
    sync_roles()
    admin, planner = User.objects.create_user("admin"), User.objects.create_user("planner")
    grant_role(admin, Role.SYSTEM_ADMIN, school, by=None, at=AT, valid_from=LONG_AGO)
    grant_role(planner, Role.PLANNER, school, by=None, at=AT, valid_from=LONG_AGO)
    client.force_login(planner)
    assert client.get("/admin/policies/").status_code == 403
    where = f"/admin/people/{person.pk}/consent/"
    text = in_force(PolicyKind.PHOTO)
    data = {"texts": [text.pk], "organisation": school.pk, "signed_on": LONG_AGO.isoformat()}
    assert client.post(where, data).status_code == 302
    assert person.consents.get().kept_by == school
    assert "拍照同意书" in client.get(f"/admin/people/inspect/{person.pk}/").content.decode()
    client.force_login(admin)
    form = client.get("/admin/policies/new/?kind=photo").content.decode()
    assert "不同意也照样上课" in form, "the form begins with the last wording"
    data = {
        "kind": "photo",
        "valid_from": TOMORROW.isoformat(),
        "title_zh-hans": "拍照同意书",
        "body_zh-hans": "新的话",
    }
    assert client.post("/admin/policies/new/", data).status_code == 302
    new = in_force(PolicyKind.PHOTO, on=TOMORROW)
    assert (new.version, new.body, new.published_by) == (2, "新的话", admin)
    assert "<del>" in client.get(f"/admin/policies/inspect/{new.pk}/").content.decode()
    assert Undertaking.objects.count() == 0
