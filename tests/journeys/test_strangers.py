"""The admin is shared by strangers: a walk over every address with another organisation's ids finds nothing."""

from __future__ import annotations

import datetime as dt
import logging
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import time_machine
from django.http import HttpRequest, HttpResponse
from django.urls import get_resolver, path

import cms.urls
from caravan.models import AttendanceRule, DayHoursRule, EnrolmentRule, TrainingClass
from caravan.querysets import ClassQuerySet
from caravan.services.pages import publish_caravan_pages
from certificates.issuing.demo import load_designs
from certificates.issuing.models import CertificateDesign
from certificates.refreshers.demo import load_rules
from certificates.refreshers.models import RefresherRule
from certificates.subsidies.demo import load_profiles, load_schemes
from certificates.subsidies.models import SubsidyScheme
from cms.models import (
    AuditEntry,
    AuditSeal,
    ConsentRule,
    PolicyText,
    QuietHours,
    Region,
    RegionSuccession,
    User,
)
from cms.roles import BACKOFFICE_ROLES, Role
from cms.services.memberships import grant_role, sync_roles
from cms.services.policies import load_policies
from cms.services.sealing import seal_entries
from cms.services.site import publish_home_page
from courses.models import CourseVersion, Menu, Occupation
from tests.certificates.claims_world import make_regions
from tests.certificates.issuing_world import make_version
from tests.journeys import stranger_walk
from tests.journeys.stranger_walk import Browser, Lists, addresses, leaves, requests_of, walk
from tests.journeys.strangers_world import NOW, Holdings, make_holdings

# What may answer 200, and why. A name that is not here and opens is a hole.
PUBLIC = {
    "account:sign_in": "the way in",
    "account:sign_up": "the way in",
    "account:slip": "the way in for who holds a slip",
    "account:code": "the way in by a code",
    "account:code_enter": "the way in by a code",
    "account:forgotten": "a code instead of a forgotten password",
    "account:forgotten_code": "a code instead of a forgotten password",
    "operations:healthz": "says that it runs",
    "operations:readyz": "says what is ready",
    "site:privacy": "what everybody agrees to",
    "site:policy": "what everybody agrees to",
    "operations:metrics": "figures for a program on the same machine",
    "site:seal": "the seal of the audit log is published",
    "site:seal_json": "the seal of the audit log is published",
    "site:keys_json": "public keys are published",
    "caravan:class": "classes are announced to everybody",
    "caravan:stop": "stops are announced to everybody",
    "certificates:verify": "who holds the paper has its token; the name is masked",
    "certificates:verify_form": "a form",
    "wagtail_serve": "the public site",
}
SIGNED_IN = {
    "account:home": "one's own learning",
    "account:data": "one's own facts",
    "account:data_export": "one's own facts",
    "account:data_correct": "one's own facts",
    "account:data_delete": "one's own facts",
    "account:bind": "a form",
    "account:awake": "an empty answer",
    "account:messages": "one's own inbox",
    "account:agree": "one's own consents",
    "account:security": "one's own account",
    "account:password": "one's own password",
    "account:sessions": "one's own devices",
    "account:factor": "one's own second factor",
    "account:factor_new": "one's own second factor",
    "account:factor_codes": "one's own second factor",
    "account:message_settings": "one's own choices",
    "caravan:enrol": "everybody may enrol in a class that is announced",
}
DESK = {
    "caravan:teach": "one's own week",
    "caravan:teach_classes": "one's own classes",
    "caravan:field": "one's own sessions of today",
}
STAFF = {
    "wagtailadmin_home": "what waits for oneself",
    "wagtailadmin_account": "one's own language",
    "wagtailadmin_sprite": "icons",
    "wagtailadmin_javascript_catalog": "words of the interface",
    **dict.fromkeys(
        (
            "people", "imports", "organisations", "memberships", "jobs", "audit", "training_record",
            "external_certificate", "tours", "stops", "venues", "vehicles", "kits", "trainers", "classes", "filings",
            "certificate", "certificate_issuing", "certificates_claim", "certificates_batch", "certificates_due",
            "deliveries", "accounts", "merges", "corrections", "reveals", "data_requests", "exports",
        ),
        "a list of one's own rows: the walk looks for the stranger's mark in it and in its exports",
    ),
    **dict.fromkeys(
        (
            "regions", "course", "course_version", "menu", "occupation", "certificate_design",
            "certificates_refresher_rule", "certificates_scheme", "enrolment_rules", "attendance_rules",
            "day_hours_rules", "quiet_hours", "successions",
        ),
        "what everybody may know: regions, what is taught, rules, designs",
    ),
    "caravan_export": "a form over what one sees: rows are counted and filters named",
    "caravan:field": "one's own sessions of today",
    "people:find": "a form; what it finds is asked of the service",
    "people:doubles": "pairs of one's own people",
    "audit_seal:index": "hashes of the whole log, for the auditor",
    "audit_seal:index_results": "hashes of the whole log, for the auditor",
    "audit_seal:inspect": "hashes of the whole log, for the auditor",
    "certificates_training_report": "figures of one's own scope",
    "certificates_new_claims": "a form over one's own classes",
    "certificates_new_batch": "a form over one's own regions",
}  # fmt: skip
# Of these every row may be opened, not the list alone.
COMMON = frozenset(
    {
        "regions", "course", "course_version", "menu", "occupation", "certificate_design",
        "certificates_refresher_rule", "certificates_scheme", "enrolment_rules", "attendance_rules", "day_hours_rules",
        "quiet_hours", "successions",
    }
)  # fmt: skip
REDIRECTS = {
    "account:sign_in": "who is signed in goes on",
    "account:slip_account": "without a slip back to its form",
    "set_language": "back to the page",
    "site:text_size": "back to the page",
    "account:paper": "without a slip back to its form",
    "account:leave": "nothing to lock: to where one begins",
    "account:locked": "nothing is locked: to where one begins",
    "account:bind_code": "without a code back home",
    "caravan:community_slips": "nobody was chosen: back to the list",
    "account:forgotten_code": "without a code back to its form",
    "account:code_enter": "without a code back to its form",
    "account:sessions_end": "one's own devices",
    "account:session_end": "nothing of one's own has that number: back to one's devices",
    "account:factor_codes": "one's own second factor",
    "account:factor_codes_done": "one's own second factor",
    "account:agree": "one's own consents",
    "people:slips": "nobody was chosen: back to the list",
    "account:messages_read": "one's own messages are read: back to the inbox",
    "wagtailadmin_account": "one's own settings are saved",
    "cms.views.closed.to_sign_in": "the other door leads to ours",
}
# Announced to everybody, so the stranger's names stand there.
ANNOUNCED = frozenset(
    {"caravan:class", "caravan:stop", "caravan:enrol", "certificates:verify", "wagtail_serve"}
)
COUNTRYSIDE, LONG_AGO = "980000000000", dt.date(2020, 1, 1)
# An editor sees the public pages there as a visitor does.
PREVIEWS = frozenset(
    f"wagtailadmin_pages:{name}" for name in ("view_draft", "preview_on_edit", "revisions_view")
)
DESK_ROLES = frozenset({Role.TRAINER, Role.CLASS_TEACHER, Role.ASSESSOR})


def staff_list() -> dict[str, str]:
    """Return STAFF by names of addresses: index, results and the empty form; inspect where all may know."""
    found = {}
    for name, why in STAFF.items():
        if ":" in name or name.startswith(
            ("wagtail", "certificates_training", "certificates_new", "caravan_export")
        ):
            found[name] = why
            continue
        parts = ("index", "index_results", "add", *(("inspect",) if name in COMMON else ()))
        found |= {f"{name}:{part}": why for part in parts}
    return found


def lists_for(role: str) -> Lists:
    """Return what the walk accepts from somebody in ``role``."""
    opens = dict(PUBLIC)
    if role != "anonymous":
        opens |= SIGNED_IN
    if role in DESK_ROLES:
        opens |= DESK
    if role == Role.COORDINATOR:
        opens["caravan:community"] = "whom one helps, and the classes of one's own community"
    if role in BACKOFFICE_ROLES:
        opens |= staff_list()
    if role == Role.EDITOR:
        # The site is everybody's: to its editors Wagtail's own rights decide, and no organisation's facts stand there.
        stock = [
            name for _route, name, _view in leaves(get_resolver()) if name.startswith(("wagtail", "django."))
        ]
        opens |= dict.fromkeys(stock, "the site's pages, images and documents")
        opens["caravan_site_guide"] = "how to write for the site"
        return Lists(opens, {**dict.fromkeys(stock, "Wagtail's own way"), **REDIRECTS}, ANNOUNCED | PREVIEWS)
    return Lists(opens, REDIRECTS, ANNOUNCED)


class World:
    """Two organisations that know nothing of each other, and what everybody shares."""

    def __init__(self) -> None:
        sync_roles()
        make_regions()
        publish_home_page(by=None, at=NOW)
        publish_caravan_pages(by=None, at=NOW)
        load_designs()
        version: CourseVersion = make_version()
        load_schemes(by=None, at=NOW)
        load_profiles(by=None, at=NOW)
        load_rules(by=None, at=NOW)
        load_policies(since=LONG_AGO, by=None, at=NOW)
        self.shared: dict[str, Any] = {
            "version": version.pk, "course": version.course_id,
            "occupation": Occupation.objects.values_list("pk", flat=True)[0],
            "menu": Menu.objects.create(code="M1", title="上岗套餐").pk,
            "design": CertificateDesign.objects.values_list("pk", flat=True)[0],
            "rule": RefresherRule.objects.values_list("pk", flat=True)[0],
            "scheme": SubsidyScheme.objects.values_list("pk", flat=True)[0],
            "quiet_hours": QuietHours.objects.create(
                region_code=COUNTRYSIDE, starts=dt.time(21), ends=dt.time(8), valid_from=LONG_AGO
            ).pk,
            "succession": RegionSuccession.objects.create(
                predecessor=Region.objects.get(code="990101101000"),
                successor=Region.objects.get(code="990101100000"),
                on=LONG_AGO,
            ).pk,
            "policy": PolicyText.objects.order_by("pk")[0].pk,
            "consent_rule": ConsentRule.objects.order_by("pk")[0].pk,
            "enrolment_rule": EnrolmentRule.objects.create(region_code=COUNTRYSIDE, valid_from=LONG_AGO).pk,
            "attendance_rule": AttendanceRule.objects.create(
                region_code=COUNTRYSIDE, late_percent=0, left_early_percent=0, valid_from=LONG_AGO
            ).pk,
            "hours_rule": DayHoursRule.objects.create(
                region_code=COUNTRYSIDE, max_hours_a_day=8, valid_from=LONG_AGO
            ).pk,
            "region": Region.objects.values_list("pk", flat=True)[0],
        }  # fmt: skip
        self.root = User.objects.create(username="root", display_name="系统管理员")
        self.here = make_holdings("松涛", "ST", "990201000000", version, 100)
        self.there = make_holdings("墨竹", "MZ", "990301000000", version, 200)
        seal_entries(NOW, everything=True)
        self.shared["seal"] = AuditSeal.objects.values_list("pk", flat=True)[0]
        grant_role(self.root, Role.SYSTEM_ADMIN, self.here.office, by=None, at=NOW)


@pytest.fixture(autouse=True)
def plain_refusals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Thousands of refusals: their pages are drawn and looked at by other tests."""

    def answer(status: int) -> Any:
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return HttpResponse(status=status)

        return page

    monkeypatch.setattr("cms.middleware.render_not_allowed", answer(405))
    monkeypatch.setattr("cms.urls.handler403", answer(403))
    monkeypatch.setattr("cms.urls.handler404", answer(404))
    monkeypatch.setattr("wagtail.admin.urls.page_not_found", answer(404))
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def world(db: None) -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        yield World()


def holes_of(
    world: World,
    visitors: Holdings,
    strangers: Holdings,
    *roles: str,
    exports: tuple[str, ...] = (),
    only: str = "",
) -> list[str]:
    """Walk as ``roles`` of one organisation with the ids of the other; return the holes by role."""
    due = [address for address in addresses(strangers, world.shared) if address.name.startswith(only)]
    found = []
    for role in roles:
        browser = Browser(None if role == "anonymous" else visitors.users[role])
        marks = (strangers.mark, f"{strangers.code}-")
        holes = walk(browser, due, lists_for(role), marks, exports)
        if role == Role.EDITOR:  # how Wagtail answers an editor's empty form is its own affair
            holes = [hole for hole in holes if not ("(wagtail" in hole and hole.startswith("POST"))]
        found += [f"{role}: {hole}" for hole in holes]
    return found


def everybody(holdings: Holdings) -> list[str]:
    """Return every kind of visitor but the one who may see everything."""
    assert {*Role, "trainee"} == {*holdings.users, Role.SYSTEM_ADMIN}
    return ["anonymous", *holdings.users]


@pytest.mark.parametrize("half", [0, 1])
def test_nothing_of_a_stranger_opens(half: int, world: World) -> None:
    # Ending one's own other sessions needs no form.
    changes = AuditEntry.objects.exclude(action="session.end")
    before = changes.count()
    exporting = (Role.ORG_ADMIN, Role.SUBSIDY_OFFICER)  # between them they have every list
    rest = [role for role in everybody(world.here) if role not in exporting]
    found = holes_of(world, world.here, world.there, *rest[half::2])
    found += holes_of(world, world.here, world.there, exporting[half], exports=("xlsx",))
    assert not found, "\n".join(found)
    assert changes.count() == before, f"an empty form did {changes.latest('pk').action}"


@pytest.mark.deep
def test_nothing_opens_the_other_way_round(world: World) -> None:
    found = holes_of(world, world.there, world.here, *everybody(world.there), exports=("xlsx", "csv"))
    assert not found, "\n".join(found)


def test_the_people_of_the_place_find_what_the_walk_looks_for(world: World) -> None:
    """The same addresses open for whom they are: a walk that met only 404 would prove nothing."""
    due = {address.name: address.path for address in addresses(world.there, world.shared)}
    own = world.there.users
    opens = {
        Role.ORG_ADMIN: [
            "organisations:inspect", "memberships:inspect", "caravan_job", "caravan_file", "audit:inspect",
            "exports:inspect",
        ],
        Role.PLANNER: [
            "site:file", "people:inspect", "imports:inspect", "training_record:inspect", "external_certificate:inspect",
            "tours:inspect", "stops:inspect", "venues:inspect", "vehicles:inspect", "kits:inspect", "trainers:inspect",
            "classes:inspect", "filings:inspect", "caravan_class_enrolments", "certificate:inspect",
            "certificate_issuing:issue", "deliveries:inspect", "account:message", "certificates_claim:inspect",
        ],
        Role.SUBSIDY_OFFICER: ["certificates_claim:inspect", "certificates_batch:inspect", "filings:inspect"],
        Role.TRAINER: ["caravan:teach_class", "caravan:roll", "caravan:roll_correct"],
        Role.ASSESSOR: ["caravan:results"],
        "trainee": ["caravan:enrolment", "caravan:withdraw", "certificates:download"],
    }  # fmt: skip
    closed = []
    for role, names in opens.items():
        browser = Browser(own[role])
        answers = [(name, browser.open("GET", due[name]).status_code) for name in names]
        closed += [f"{role}: {name} answers {status}" for name, status in answers if status not in {200, 405}]
    assert not closed, "\n".join(closed)


def test_the_system_administrator_meets_no_error(world: World) -> None:
    browser = Browser(world.root)
    wrong = []
    for address in addresses(world.there, world.shared):
        for method, url in requests_of(address, ()):
            if method == "GET" and (status := browser.open(method, url).status_code) == 500:
                wrong.append(f"{url} answers {status}")
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def leak(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Any:
    """Add a view that shows any class to anybody with access to the admin."""

    def show(request: HttpRequest, pk: int) -> HttpResponse:
        return HttpResponse(TrainingClass.objects.get(pk=pk).title)

    module = ModuleType("tests.leaky_urls")
    module.urlpatterns = [path("admin/leak/<int:pk>/", show, name="leak"), *cms.urls.urlpatterns]
    for handler in ("handler400", "handler403", "handler404", "handler500"):
        setattr(module, handler, getattr(cms.urls, handler))
    monkeypatch.setitem(sys.modules, "tests.leaky_urls", module)
    monkeypatch.setitem(stranger_walk.OBJECT, "leak", "class")
    settings.ROOT_URLCONF = "tests.leaky_urls"
    return show


def test_the_walk_finds_an_unscoped_view_of_ours(world: World, leak: Any) -> None:
    leak.__module__ = "caravan.backoffice.leak"
    found = holes_of(world, world.here, world.there, Role.APPROVER, only="leak")
    assert [hole.partition(":")[2].split()[1] for hole in found] == [
        f"/admin/leak/{world.there.ids['class']}/"
    ] * 2


def test_a_view_that_is_not_ours_is_closed_whatever_it_shows(world: World, leak: Any) -> None:
    """As a new screen of a later Wagtail would be."""
    leak.__module__ = "wagtail.admin.views.new_in_the_next_release"
    assert not holes_of(world, world.here, world.there, Role.APPROVER, only="leak")


def test_the_walk_finds_a_list_that_forgot_its_scope(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ClassQuerySet, "visible_to", lambda self, user: self)
    found = holes_of(world, world.here, world.there, Role.APPROVER, only="classes")
    assert any("/admin/classes/ (classes:index): shows" in hole for hole in found)
    assert any("/admin/classes/inspect/" in hole and hole.endswith("opens") for hole in found)
