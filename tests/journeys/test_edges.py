"""Bad input and forbidden things, asked of the served demo world; nothing there may change by it."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.harness.demo import ROOT, DemoApp, embedded_environment
from tests.journeys.walking import Answer, Visitor

OTHER_OFFICER = "officer-of-another-county"
_ADD_OTHER_OFFICER = """
import datetime as dt, os
from django.utils import timezone
from cms.models import Organisation, Region, User
from cms.roles import Role
from cms.services.memberships import grant_role
county = Region.objects.exclude(code__startswith="99").filter(level=3).first()
county = county or Region.objects.create(code="990102000000", name="月河县", level=3, valid_from=dt.date(2000, 1, 1),
    parent=Region.objects.get(code="990100000000"))
office = Organisation.objects.create(name="月河县人社局", short_code="YHRS", region_code=county.code)
user = User.objects.create(username=os.environ["OTHER_OFFICER"], display_name="外县经办")
user.set_password(os.environ["PASSWORD"])
user.save()
at = timezone.now()
for role in (Role.SUBSIDY_OFFICER, Role.APPROVER, Role.AUDITOR):
    grant_role(user, role, office, by=None, at=at, regions=[county], valid_from=at.date(),
        valid_until=at.date() + dt.timedelta(days=700))
"""


@dataclass
class Edges:
    """The demo world with its rows to read and an account by its name."""

    app: DemoApp
    password: str
    visitors: dict[str, Visitor] = field(default_factory=dict)

    def one(self, sql: str, *values: object) -> str:
        """Return the first column of the first row."""
        with closing(sqlite3.connect(f"file:{self.app.var / 'caravan.sqlite3'}?mode=ro", uri=True)) as rows:
            found = rows.execute(sql, values).fetchone()
        assert found is not None, sql
        return str(found[0])

    def uuid(self, sql: str, *values: object) -> str:
        """Return an id as addresses write it."""
        text = self.one(sql, *values)
        return text if "-" in text else re.sub(r"(.{8})(.{4})(.{4})(.{4})(.{12})", r"\1-\2-\3-\4-\5", text)

    def as_(self, account: str = "") -> Visitor:
        """Return a visitor, signed in once for the module; without a name somebody unknown."""
        if account not in self.visitors:
            visitor = self.visitors[account] = Visitor(self.app.url)
            visitor.get("/account/sign-in/")
            if account:
                visitor.sign_in(account, self.password)
        return self.visitors[account]


@pytest.fixture(scope="module")
def edges(demo_app: DemoApp) -> Edges:
    """The demo world, with an office of another county beside it."""
    found = re.search(r"密码都是 (\S+?)）", demo_app.printed)
    assert found
    env = {**embedded_environment(Path(demo_app.var)), "OTHER_OFFICER": OTHER_OFFICER, "PASSWORD": found[1]}
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", _ADD_OTHER_OFFICER],
        cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return Edges(demo_app, found[1])


@pytest.fixture(autouse=True)
def _nothing_changed(edges: Edges) -> Iterator[None]:
    """Every change writes an audit entry with its actor: a test here must leave none but its own sign-in."""
    count = "SELECT count(*) FROM cms_auditentry WHERE actor_id IS NOT NULL AND action <> 'account.sign_in'"
    before = edges.one(count)
    yield
    assert edges.one(count) == before, edges.one("SELECT action FROM cms_auditentry ORDER BY id DESC")


# What belongs to the school, by the address that shows or changes it. The values are SQL.
# The first class of the story; its number has the year in it.
CLASS = "SELECT id FROM caravan_trainingclass ORDER BY id LIMIT 1"
CLASS_NO = "SELECT class_no FROM caravan_trainingclass ORDER BY id"
DRAFT = "SELECT id FROM caravan_trainingclass WHERE state = 'draft'"
SCHOOL = "(SELECT id FROM cms_organisation WHERE short_code = 'XH')"
SESSION = f"SELECT id FROM caravan_session WHERE training_class_id = ({CLASS})"
ENROLMENT = f"SELECT id FROM caravan_enrolment WHERE training_class_id = ({CLASS}) AND roll_no IS NOT NULL"
PERSON = (
    f"SELECT person_id FROM caravan_enrolment WHERE training_class_id = ({CLASS}) AND roll_no IS NOT NULL"
)
CERTIFICATE = "SELECT id FROM certificates_certificate WHERE state = 'issued'"
CLAIM = "SELECT id FROM certificates_claim"
BATCH = "SELECT id FROM certificates_claimbatch"
EXPORT = "SELECT id FROM certificates_batchexport"
ROSTER = "SELECT id FROM cms_dataimport"
FILING = "SELECT id FROM caravan_classfiling"
RECORD = f"SELECT id FROM courses_trainingrecord WHERE organisation_id = {SCHOOL}"
MEMBERSHIP = f"SELECT id FROM cms_membership WHERE organisation_id = {SCHOOL}"
VEHICLE = "SELECT id FROM caravan_vehicle"
IN_POST = "SELECT id FROM cms_inpostperiod"

OFFICE_PAGES = {
    "/admin/classes/inspect/{}/": CLASS,
    "/admin/classes/edit/{}/": DRAFT,
    "/admin/classes/inspect/{}/plan/": DRAFT,
    "/admin/classes/inspect/{}/sessions/new/": DRAFT,
    "/admin/classes/inspect/{}/act/submit/": DRAFT,
    "/admin/class-enrolments/{}/": CLASS,
    "/admin/class-enrolments/{}/people/": CLASS,
    "/admin/class-closing/{}/": CLASS,
    "/admin/filings/inspect/{}/": FILING,
    "/admin/people/inspect/{}/": PERSON,
    "/admin/people/{}/document/": PERSON,
    "/admin/people/{}/group/": PERSON,
    "/admin/people/{}/delegate/": PERSON,
    "/admin/people/{}/in-post/": PERSON,
    "/admin/people/in-post/{}/end/": IN_POST,
    "/admin/imports/inspect/{}/": ROSTER,
    "/admin/training_record/inspect/{}/": RECORD,
    "/admin/certificate/inspect/{}/": CERTIFICATE,
    "/admin/certificate/download/{}/": CERTIFICATE,
    "/admin/certificate/download/{}/0/": CERTIFICATE,
    "/admin/certificate/reissue/{}/": CERTIFICATE,
    "/admin/certificate/revoke/{}/": CERTIFICATE,
    "/admin/claims/inspect/{}/": CLAIM,
    "/admin/vehicles/edit/{}/": VEHICLE,
    "/admin/memberships/inspect/{}/": MEMBERSHIP,
}
REGION_PAGES = {"/admin/batches/inspect/{}/": BATCH}
UUID_PAGES = {
    "/admin/jobs/{}/": f"SELECT id FROM cms_job WHERE organisation_id = {SCHOOL}",
    "/admin/files/{}/": "SELECT id FROM cms_storedfile WHERE kind = 'roster'",
}
DESK_PAGES = {
    "/teach/classes/{}/": CLASS_NO,
    "/teach/classes/{}/sessions/new/": CLASS_NO,
    "/teach/classes/{}/results/": CLASS_NO,
    "/teach/classes/{}/close/": CLASS_NO,
    "/teach/sessions/{}/move/": SESSION,
    "/field/sessions/{}/": SESSION,
    "/field/sessions/{}/close/": SESSION,
}


@pytest.mark.parametrize("address", OFFICE_PAGES)
@pytest.mark.parametrize("account", ["qingshan", OTHER_OFFICER])
def test_out_of_scope_is_absent(edges: Edges, account: str, address: str) -> None:
    url = address.format(edges.one(OFFICE_PAGES[address]))
    answer = edges.as_(account).get(url)
    # Roles without the model's permission are refused before any row is looked for.
    assert answer.status in ({404} if account == "qingshan" else {403, 404}), url


@pytest.mark.parametrize("address", [*REGION_PAGES, *UUID_PAGES])
@pytest.mark.parametrize("account", ["qingshan", OTHER_OFFICER])
def test_batches_exports_jobs_and_files_out_of_scope_are_absent(
    edges: Edges, account: str, address: str
) -> None:
    pages = {**REGION_PAGES, **UUID_PAGES}
    read = edges.uuid if address in UUID_PAGES else edges.one
    assert edges.as_(account).get(address.format(read(pages[address]))).status in {403, 404}


@pytest.mark.parametrize("address", DESK_PAGES)
def test_a_rivals_trainer_knows_no_class_of_the_school(edges: Edges, address: str) -> None:
    url = address.format(edges.one(DESK_PAGES[address]))
    assert edges.as_("qingshan-jiangshi").get(url).status in {403, 404}
    assert edges.as_("jiangshi").get(f"/teach/classes/{edges.one(CLASS_NO)}/").status == 200


@pytest.mark.parametrize(
    "address", [*OFFICE_PAGES, *REGION_PAGES, "/teach/sessions/{}/move/", "/field/sessions/{}/"]
)
def test_an_unknown_object_is_404(edges: Edges, address: str) -> None:
    account = "kaoping" if "/admin/" not in address else "butie" if address in REGION_PAGES else "jiaowu"
    trainer = "jiangshi" if address.startswith(("/teach/", "/field/")) else account
    assert edges.as_(trainer).get(address.format(99999999)).status == 404


@pytest.mark.parametrize(
    "address",
    [
        "/stops/99999999/",
        "/classes/XX-2026-9999/",
        "/v/unknown/",
        "/nothing/here/",
        "/courses/nothing/",
        "/classes/%00/",
    ],
)
def test_an_unknown_page_is_our_404(edges: Edges, address: str) -> None:
    answer = edges.as_().get(address)
    assert answer.status == 404
    assert "<h1" in answer.text and "大篷车" in answer.text


def test_another_persons_certificate_and_enrolment_are_absent(edges: Edges) -> None:
    trainee = edges.as_("19900020001")
    number = edges.one("SELECT number FROM certificates_certificate WHERE state = 'issued'")
    assert trainee.get(f"/me/certificates/{number}/").status == 404
    enrolment = edges.one(ENROLMENT)
    for part in ("", "withdraw/", "offer/"):
        assert trainee.get(f"/me/enrolments/{enrolment}/{part}").status == 404


STOCK = [
    "pages/", "pages/3/", "pages/1/history/", "users/", "users/new/", "groups/", "images/", "documents/", "sites/",
    "collections/", "reports/locked/", "reports/aging-pages/", "reports/page-types-usage/",
    "workflows/list/", "redirects/", "snippets/", "settings/cms/sitesettings/",
]  # fmt: skip
CHOOSERS = [
    "reports/site-history/", "choose-page/", "images/chooser/", "documents/chooser/", "users/results/",
    "api/main/pages/", "api/main/images/",
    "api/main/documents/", "tag-autocomplete/?term=a",
]  # fmt: skip


@pytest.mark.parametrize("account", ["jiaowu", "jigou", "butie", "shenpi", "shenji", "qingshan"])
def test_stock_screens_tell_nothing_to_the_offices(edges: Edges, account: str) -> None:
    visitor = edges.as_(account)
    opened = [url for url in STOCK if visitor.get(f"/admin/{url}").status == 200]
    assert not opened
    for url in CHOOSERS:
        answer = visitor.get(f"/admin/{url}")
        assert answer.status in {200, 403, 404}, url
        others = {"jiaowu", "qingshan", "shenpi", ".xlsx", "19900010001"} - {account}
        assert not [name for name in others if name in answer.text], url


@pytest.mark.parametrize("account", ["", "19900010001", "shequ", "jiangshi", "xuncha"])
def test_the_back_office_is_closed_to_the_others(edges: Edges, account: str) -> None:
    visitor = edges.as_(account)
    for url in ("/admin/", "/admin/people/", "/admin/classes/", "/admin/pages/", "/admin/api/main/pages/"):
        answer = visitor.request("GET", url)
        if account:
            assert answer.status == 403, url
        else:
            assert (answer.status, answer.location.partition("?")[0]) == (302, "/account/sign-in/"), url


def refused(answer: Answer) -> bool:
    """Whether a post was refused outright, or answered by its form again; the audit log says the rest."""
    return answer.status in {200, 302, 403, 404, 405, 409, 422}


ATTACKS = {
    # account, address, the value of its {}, the fields
    "issue for another's class": ("qingshan", "/admin/certificate_issuing/{}/", CLASS_NO, {}),
    "revoke another's certificate": (
        "qingshan", "/admin/certificate/revoke/{}/", CERTIFICATE, {"reason": "wrong_data", "remarks": "撤销"},
    ),
    "confirm another's roster": ("qingshan", "/admin/imports/confirm/{}/", ROSTER, {}),
    "cancel another's class": ("qingshan", "/admin/classes/inspect/{}/act/cancel/", DRAFT, {"reason": "不办了"}),
    "submit another's class": ("qingshan", "/admin/classes/inspect/{}/act/submit/", DRAFT, {}),
    "accept a filing as the planner": (
        "jiaowu", "/admin/filings/inspect/{}/answer/", "SELECT id FROM caravan_classfiling WHERE decision = ''",
        {"decision": "accepted", "answer": "accept"},
    ),
    "accept another county's filing": (
        OTHER_OFFICER, "/admin/filings/inspect/{}/answer/",
        "SELECT id FROM caravan_classfiling WHERE decision = ''", {"decision": "accepted", "answer": "accept"},
    ),
    "export another county's batch": (
        OTHER_OFFICER, "/admin/subsidies/batches/{}/export/", BATCH, {"profile": "1", "reason": "核对"},
    ),
    "export a batch as the planner": (
        "jiaowu", "/admin/subsidies/batches/{}/export/", BATCH, {"profile": "1", "reason": "核对"},
    ),
    "download another county's export": (
        OTHER_OFFICER, "/admin/subsidies/exports/{}/", EXPORT, {"reason": "核对"},
    ),
    "approve another county's claim": (OTHER_OFFICER, "/admin/subsidies/claims/{}/approve/", CLAIM, {}),
    "approve as the planner": ("jiaowu", "/admin/subsidies/claims/{}/approve/", CLAIM, {}),
    "approve as the officer who assessed": ("butie", "/admin/subsidies/claims/{}/approve/", CLAIM, {}),
    "mark another's roll": (
        "qingshan-jiangshi", "/field/sessions/{}/events/", SESSION, {"mark": "present", "enrolment": "1"},
    ),
    "close another's roll": ("qingshan-jiangshi", "/field/sessions/{}/close/", SESSION, {}),
    "move another's session": ("qingshan-jiangshi", "/teach/sessions/{}/move/", SESSION, {"day": "2031-01-01"}),
    "results as the class's trainer": ("jiangshi", "/teach/classes/{}/results/", CLASS_NO, {}),
    "another's person to post": (
        "qingshan", "/admin/people/{}/in-post/", PERSON, {"employment_model": "employee", "started_on": "2026-01-01"},
    ),
    "a slip for another's person": ("qingshan", "/admin/people/slips/", PERSON, {"person": "{}"}),
    "act for somebody": ("19900020001", "/me/switch/", PERSON, {"person": "{}"}),
    "withdraw another": ("19900020001", "/me/enrolments/{}/withdraw/", ENROLMENT, {"confirm": "on"}),
    "enrol in a class that is not open": ("19900020001", "/classes/{}/enrol/", CLASS_NO, {}),
    "a job of the school": (
        "qingshan", "/admin/jobs/{}/resume/", "SELECT id FROM cms_job", {},
    ),
}  # fmt: skip


SAID_ON_A_PAGE = {"enrol in a class that is not open", "a slip for another's person"}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused(edges: Edges, name: str) -> None:
    account, address, value, fields = ATTACKS[name]
    read = edges.uuid if "/jobs/" in address else edges.one
    key = read(value)
    sent = {field: text.format(key) for field, text in fields.items()}
    answer = edges.as_(account).request("POST", address.format(key), sent)
    assert refused(answer), f"{answer.status} for {name}"
    if name not in SAID_ON_A_PAGE:
        assert answer.status in {403, 404}, f"{answer.status} for {name}"


RIVAL = "SELECT id FROM cms_organisation WHERE short_code = 'QS'"
OWN = f"SELECT {SCHOOL}"
TOUR = f"SELECT id FROM caravan_tour WHERE organisation_id = {SCHOOL}"
VENUE = f"SELECT id FROM caravan_venue WHERE organisation_id = {SCHOOL} AND is_shared"
RIVAL_TRAINER = f"SELECT id FROM caravan_trainerprofile WHERE organisation_id = ({RIVAL})"
OTHER_ROOM = f"SELECT r.id FROM caravan_room r JOIN caravan_trainingclass c ON c.venue_id <> r.venue_id WHERE c.id = ({DRAFT})"
OPEN_SESSION = """SELECT s.id FROM caravan_session s JOIN caravan_trainingclass c ON c.id = s.training_class_id
    JOIN caravan_trainerprofile t ON t.id = s.trainer_id JOIN cms_user u ON u.id = t.user_id
    WHERE u.username = 'jiangshi' AND c.state = 'running' ORDER BY s.starts_at"""
DAYS = {"starts_on": "2031-03-03", "ends_on": "2031-03-07"}

# What the address allows and the body does not: (account, address, value of its {}, fields, values of the fields).
BODIES: dict[str, tuple[str, str, str, dict[str, str], dict[str, str]]] = {
    "a class for the rival": (
        "jiaowu", "/admin/classes/new/?menu=1", "",
        {"title": "冒名班", "capacity": "30", **DAYS, "enrol_until": "2031-03-01T10:00", "menu_version": "1"},
        {"organisation": RIVAL, "venue": VENUE, "courses": "SELECT course_id FROM courses_menuitem"},
    ),
    "a tour for the school": ("qingshan", "/admin/tours/new/", "", {"title": "冒名巡回", **DAYS}, {"organisation": OWN}),
    "the school's vehicle": (
        "qingshan", "/admin/tours/new/", "", {"title": "借来的车", **DAYS}, {"organisation": RIVAL, "vehicle": VEHICLE},
    ),
    "a stop on the school's tour": (
        "qingshan", "/admin/stops/new/", "", {**DAYS, "expected_people": "10"}, {"tour": TOUR, "venue": VENUE},
    ),
    "a venue for the school": (
        "qingshan", "/admin/venues/new/", "",
        {"name": "冒名场地", "venue_type": "womens_home", "region_code": "990101000000", "address": "村口", "rooms": "教室 20"},
        {"organisation": OWN},
    ),
    "a person for the school": (
        "qingshan", "/admin/people/new/", "",
        {"legal_name": "王小花", "id_type": "citizen_id", "number": "999999199001010046", "sex": "female"},
        {"organisation": OWN},
    ),
    "a role at the rival": (
        "jigou", "/admin/memberships/new/", "",
        {"account": "jiangshi", "role": "trainer", "valid_from": "2026-01-01"}, {"organisation": RIVAL},
    ),
    "to be system administrator": (
        "jigou", "/admin/memberships/new/", "",
        {"account": "jigou", "role": "system_admin", "valid_from": "2026-01-01"}, {"organisation": OWN},
    ),
    "the rival's trainer": (
        "jiaowu", "/admin/classes/inspect/{}/sessions/new/", DRAFT,
        {"what": ":lecture", "content": "讲座", "day": "2027-01-20", "starts": "08:30", "ends": "09:15", "hours": "0"},
        {"room": f"SELECT id FROM caravan_room WHERE venue_id = (SELECT venue_id FROM caravan_trainingclass "
                 f"WHERE id = ({DRAFT}))", "trainer": RIVAL_TRAINER},
    ),
    "a room elsewhere": (
        "jiaowu", "/admin/classes/inspect/{}/sessions/new/", DRAFT,
        {"what": ":lecture", "content": "讲座", "day": "2027-01-20", "starts": "08:30", "ends": "09:15", "hours": "0"},
        {"room": OTHER_ROOM, "trainer": f"SELECT id FROM caravan_trainerprofile WHERE organisation_id = {SCHOOL}"},
    ),
    "the rival's account on the staff": (
        "jiaowu", "/admin/classes/inspect/{}/staff/", DRAFT, {"role": "trainer"},
        {"user": "SELECT id FROM cms_user WHERE username = 'qingshan-jiangshi'"},
    ),
    "the school's class to claim for": (
        "qingshan", "/admin/subsidies/new-claims/", "",
        {},
        {"scheme": "SELECT id FROM certificates_subsidyscheme WHERE certificate_kind <> ''", "training_class": CLASS,
         "certificate": f"SELECT number FROM certificates_certificate WHERE organisation_id = {SCHOOL}"},
    ),
    "a batch of another county": (
        OTHER_OFFICER, "/admin/subsidies/new-batch/", "", {},
        {"scheme": "SELECT id FROM certificates_subsidyscheme",
         "region": "SELECT id FROM cms_region WHERE code = '990101000000'"},
    ),
    "somebody of another class on the roll": (
        "jiangshi", "/field/sessions/{}/events/", OPEN_SESSION,
        {"mark": "present", "client_id": "11111111-1111-4111-8111-111111111111"}, {"enrolment": ENROLMENT},
    ),
    "somebody the account does not act for": (
        "shequ", "/classes/{}/enrol/", "SELECT class_no FROM caravan_trainingclass WHERE state = 'filed'",
        {"confirm": "on"},
        {"person": "SELECT p.id FROM cms_person p WHERE p.id NOT IN (SELECT person_id FROM cms_personaccount)"},
    ),
    "a used slip": ("", "/account/slip/", "", {"code": "2345 6789"}, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_reaches_for_others_changes_nothing(edges: Edges, name: str) -> None:
    account, address, value, fields, keys = BODIES[name]
    url = address.format(edges.one(value)) if value else address
    sent = {**fields, **{field: edges.one(sql) for field, sql in keys.items()}}
    answer = edges.as_(account).request("POST", url, sent)
    assert refused(answer), f"{answer.status} for {name}"
    if answer.status == 200 and url.startswith(("/admin/", "/teach/")):
        # Refused for what was reached for, not for something else that is wrong with the form.
        assert "不在可用的选项中" in answer.text


def test_the_session_keeps_ones_own_person(edges: Edges) -> None:
    trainee = edges.as_("19900020001")
    before = re.search(r"<h1.*?</h1>", trainee.get("/me/").text, re.S)
    answer = trainee.request("POST", "/me/switch/", {"person": edges.one(PERSON)})
    assert answer.status in {403, 404}
    after = re.search(r"<h1.*?</h1>", trainee.get("/me/").text, re.S)
    assert before and after and before[0] == after[0]


@pytest.mark.parametrize("key", ["²", "-1", "9" * 30, "9" * 5000, "1 OR 1=1"])
def test_what_is_no_key_chooses_nobody(edges: Edges, key: str) -> None:
    office = edges.as_("jiaowu")
    assert office.request("POST", "/admin/people/slips/", {"person": key}).status == 302
    enrol = f"/admin/class-enrolments/{edges.one(DRAFT)}/people/"
    assert office.request("POST", enrol, {"person": key}).status in {200, 302}
    assert edges.as_("admin").get(f"/admin/course_version/new/?from={quote(key[:40])}").status == 200


ONLY_POST = [
    "/account/sign-out/", "/me/switch/", "/language/", "/text-size/",
]  # fmt: skip


@pytest.mark.parametrize("address", ONLY_POST)
def test_a_forms_target_typed_as_an_address_is_our_405(edges: Edges, address: str) -> None:
    answer = edges.as_("19900020001").request("GET", address)
    assert answer.status == 405
    assert "<h1" in answer.text and "大篷车" in answer.text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_405(edges: Edges, method: str) -> None:
    visitor = edges.as_("19900020001")
    for address in ("/account/sign-in/", "/me/", "/verify/"):
        assert visitor.request(method, address, {}).status == 405, address


def test_a_post_without_a_token_is_our_403(edges: Edges) -> None:
    visitor = Visitor(edges.app.url)
    answer = visitor.request("POST", "/account/sign-in/", {"name": "admin", "password": "x"})
    assert answer.status == 403
    assert "大篷车" in answer.text and "<h1" in answer.text
    assert "CSRF" not in answer.text


def test_a_body_beyond_the_limit_is_413_with_the_limit(edges: Edges) -> None:
    visitor = edges.as_("jiaowu")
    answer = visitor.request("POST", "/admin/imports/new/", {"x": "0"}, claimed_length=21 * 1024 * 1024)
    assert answer.status == 413
    assert re.search(r"20\s?MB", answer.text)


FORMS = {
    "/account/sign-in/": "",
    "/account/sign-up/": "",
    "/account/slip/": "",
    "/verify/": "",
    "/admin/people/new/": "jiaowu",
    "/admin/imports/new/": "jiaowu",
    "/admin/tours/new/": "jiaowu",
    "/admin/stops/new/": "jiaowu",
    "/admin/venues/new/": "jiaowu",
    "/admin/vehicles/new/": "jiaowu",
    "/admin/kits/new/": "jiaowu",
    "/admin/trainers/new/": "jiaowu",
    "/admin/external_certificate/new/": "jiaowu",
    "/admin/organisations/new/": "admin",
    "/admin/memberships/new/": "admin",
    "/admin/course/new/": "admin",
    "/admin/course_version/new/": "admin",
    "/admin/occupation/new/": "admin",
    "/admin/refresher-rules/new/": "admin",
}


@pytest.mark.parametrize("address", FORMS)
def test_an_empty_form_says_what_is_missing(edges: Edges, address: str) -> None:
    visitor = edges.as_(FORMS[address])
    method = "POST"
    answer = visitor.request(method, address, {})
    assert answer.status == 200, address
    assert "这个字段是必填项" in answer.text or "请" in answer.text, address
    assert "This field is required" not in answer.text
    english = Visitor(visitor.base, {**visitor.cookies, "django_language": "en"}, "en").request(
        method, address, {}
    )
    assert english.status == 200
    assert "这个字段是必填项" not in english.text
