"""Every address of the URL conf with a stranger's ids in it, and what somebody gets who opens it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser, Group
from django.test import RequestFactory
from django.test.client import ClientHandler
from django.urls import URLPattern, URLResolver, get_resolver
from wagtail.models import Collection, Page, Site

from cms.models import User
from tests.journeys.strangers_world import Holdings

# Whose id belongs into ``<int:pk>`` of our screens, by namespace or by the name of the address.
OBJECT = {
    "merges": "merge", "corrections": "correction",
    "people": "person", "imports": "import", "organisations": "organisation", "memberships": "membership",
    "regions": "region", "jobs": "job", "caravan_job": "job", "caravan_job_cancel": "job",
    "caravan_job_resume": "job", "caravan_job_retry": "job", "caravan_file": "file", "audit": "audit", "course": "course",
    "course_version": "version", "menu": "menu", "occupation": "occupation", "training_record": "record",
    "external_certificate": "external", "tours": "tour", "stops": "stop", "venues": "venue",
    "vehicles": "vehicle", "kits": "kit", "trainers": "trainer", "classes": "class", "filings": "filing",
    "caravan_class_enrolments": "class", "caravan_class_enrol_people": "class", "caravan_class_withdraw": "class",
    "caravan_class_accept": "class", "caravan_class_close": "class", "certificate": "certificate",
    "certificate_design": "design", "certificates_refresher_rule": "rule", "certificates_claim": "claim",
    "certificates_claim_act": "claim", "certificates_batch": "batch", "certificates_export_batch": "batch",
    "certificates_record_payments": "batch",
    "enrolment_rules": "enrolment_rule", "attendance_rules": "attendance_rule", "day_hours_rules": "hours_rule",
    "organisations:add_licence": "organisation", "organisations:correct_licence": "licence",
    "successions": "succession", "audit_seal": "seal", "signing_key": "key",
    "policies": "policy", "consent_rules": "consent_rule", "account:withdraw_consent": "consent",
    "reveals": "reveal", "data_requests": "data_request", "account:data_withdraw": "data_request",
    "exports": "export_record", "accounts": "user", "account:session_end": "session_row",
    "deliveries": "delivery", "quiet_hours": "quiet_hours", "account:message": "message",
    "account:message_go": "message",
    "certificates_download_export": "export", "certificates_scheme": "scheme", "caravan:stop": "stop",
    "caravan:move": "session", "caravan:enrolment": "enrolment", "caravan:withdraw": "enrolment",
    "caravan:offer": "waiting", "caravan:roll": "session", "caravan:roll_event": "session",
    "caravan:roll_correct": "session", "caravan:roll_close": "session",
    "wagtailusers_users": "user", "wagtailusers_groups": "group", "wagtailsites": "site",
    "wagtailadmin_collections": "collection", "wagtailadmin_api:pages": "page", "wagtailadmin_pages": "page",
    "wagtailadmin_api:documents": "media", "wagtailadmin_api:images": "media", "wagtailadmin_workflows": "first",
    "wagtailsettings": "site", "wagtaildocs_chooser": "media", "wagtailimages_chooser": "media",
}  # fmt: skip
# Other arguments: what belongs into them, wherever they stand.
ARGUMENT = {
    "staff_pk": "staff", "other": "other_person", "session_pk": "session", "enrolment_pk": "enrolment", "class_no": "class_no",
    "number": "certificate_number", "token": "token", "code": "file_code",
    "document": "document", "page_id": "page", "parent_page_id": "page", "page_to_move_id": "page", "destination_id": "page",
    "page_pk": "page", "document_id": "media", "doc_id": "media", "image_id": "media",
    "collection_id": "collection", "revision_id": "first", "workflow_state_id": "first", "task_state_id": "first",
    "task_id": "first", "workflow_pk": "first", "session_id": "first", "uploaded_file_id": "first",
    "restriction_id": "first", "page_view_restriction_id": "first", "object_id": "person",
}  # fmt: skip
WORD = {
    "app_label": "cms", "app_name": "cms", "content_type_app_name": "cms", "model_name": "person",
    "content_type_model_name": "homepage", "action": "delete", "action_name": "copy", "filter_spec": "width-100",
    "slug": "people",
    "uidb64": "MQ", "rest": "x", "kind": "privacy", "version": "1", "path": "x.png", "key": "cancel", "act": "approve",
    "move": "decline", "serial": "0",
}  # fmt: skip
# The history page of one object: every kind of object that an organisation holds.
HISTORY = {
    "cms.personmerge": "merge", "cms.changeproposal": "correction",
    "cms.person": "person", "cms.organisation": "organisation", "cms.membership": "membership",
    "cms.dataimport": "import", "cms.job": "job", "cms.user": "user", "cms.delivery": "delivery",
    "courses.trainingrecord": "record", "courses.externalcertificate": "external", "caravan.tour": "tour",
    "caravan.stop": "stop", "caravan.venue": "venue", "caravan.vehicle": "vehicle", "caravan.kit": "kit",
    "caravan.trainerprofile": "trainer", "caravan.trainingclass": "class", "caravan.classfiling": "filing",
    "caravan.session": "session", "caravan.enrolment": "enrolment", "certificates.certificate": "certificate",
    "certificates.claim": "claim", "certificates.claimbatch": "batch",
}  # fmt: skip
# Addresses that are written as regular expressions.
WRITTEN_OUT = {
    "(?P<pk>\\d+)/revisions/compare/": "admin/pages/{page}/revisions/compare/earliest...live/",
    "admin/.*/": "admin/no-such-page/",
    "documents/(\\d+)/(.*)": "documents/{media}/x.pdf",
    "((?:[\\w\\-]+/)*)": "",
}
_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Address:
    """One address of the URL conf: its name for the lists, and the path with ids."""

    name: str
    path: str
    in_admin: bool
    is_listing: bool


def leaves(
    resolver: URLResolver, prefix: str = "", spaces: tuple[str, ...] = ()
) -> Iterator[tuple[str, str, Any]]:
    """Yield route, full name and view of every address."""
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = (*spaces, entry.namespace) if entry.namespace else spaces
            yield from leaves(entry, route, inner)
        elif isinstance(entry, URLPattern):
            view = entry.callback
            own = entry.name or f"{view.__module__}.{view.__name__}"
            yield route, ":".join((*spaces, own)), view


def addresses(strangers: Holdings, shared: dict[str, Any]) -> list[Address]:
    """Return every address with a stranger's ids; an argument that nobody explained fails the walk."""
    ids = {**site_ids(), **shared, **strangers.ids}
    found = []
    for route, name, view in leaves(get_resolver()):
        if name == "caravan_history":
            found += [
                Address(name, f"/admin/history/{label}/{ids[kind]}/", True, False)
                for label, kind in HISTORY.items()
            ]
            continue
        path = "/" + _filled(route, name, ids)
        listing = name.endswith(":index") or "Report" in getattr(view, "__name__", "")
        found.append(Address(name, path, path.startswith("/admin/"), listing))
    return found


def site_ids() -> dict[str, Any]:
    """Return ids of Wagtail's own objects."""
    page = Page.objects.order_by("-depth", "pk").first()
    site, collection, group = Site.objects.first(), Collection.objects.first(), Group.objects.first()
    assert page and site and collection and group
    return {
        "page": page.pk, "site": site.pk, "collection": collection.pk, "group": group.pk, "first": 1, "media": 1,
    }  # fmt: skip


def _filled(route: str, name: str, ids: dict[str, Any]) -> str:
    plain = route.replace("^", "").replace("$", "")
    for part, written in WRITTEN_OUT.items():
        if part in plain:
            return written.format(**ids)

    def value(match: re.Match[str]) -> str:
        argument = match[1]
        if argument in WORD:
            return WORD[argument]
        if argument in {"pk", "id"}:
            spaces = [name.rsplit(":", count)[0] for count in range(name.count(":") + 1)]
            kind = next((OBJECT[space] for space in spaces if space in OBJECT), None)
        else:
            kind = ARGUMENT.get(argument)
        assert kind in ids, f"say in this module whose id <{argument}> of {name} ({route}) is"
        return str(ids[kind])

    path = _ARGUMENT.sub(value, plain)
    assert not re.search(r"[<>()?*\\]", path), f"say in this module how {name} ({route}) is written out"
    return path


class Browser:
    """Opens addresses as one visitor: the application's whole stack, without the test client's copies.

    The visitor is one object for the whole walk, so that her roles are read once and not a thousand times.
    """

    def __init__(self, visitor: User | None) -> None:
        self.visitor = User.objects.get(pk=visitor.pk) if visitor else AnonymousUser()
        self.factory = RequestFactory()
        self.handler = ClientHandler(enforce_csrf_checks=False)
        self.handler.load_middleware()

    def open(self, method: str, url: str) -> Any:
        """Return the response; an error in a view is a 500."""
        request = self.factory.generic(method, url, content_type="application/x-www-form-urlencoded")
        request._dont_enforce_csrf_checks = True  # the forms have their own tests
        request._cached_user = self.visitor
        return self.handler.get_response(request)


@dataclass(frozen=True)
class Lists:
    """What a walk accepts: names that may answer 200 and why, redirects within, and where the mark may stand."""

    opens: dict[str, str]
    redirects: dict[str, str]
    shows: frozenset[str] = frozenset()


def walk(
    browser: Browser,
    due: list[Address],
    lists: Lists,
    marks: tuple[str, ...],
    exports: tuple[str, ...] = ("xlsx",),
) -> list[str]:
    """Open every address by GET and POST; return the holes, one line each."""
    holes = []
    for address in due:
        for method, url in requests_of(address, exports):
            fault = _fault(address.name, browser.open(method, url), lists, marks)
            if fault:
                holes.append(f"{method} {url} ({address.name}): {fault}")
    return holes


def requests_of(address: Address, exports: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield the methods and URLs by which an address is tried; signing out would end the walk."""
    yield "GET", address.path
    if address.is_listing:
        yield from (("GET", f"{address.path}?export={kind}") for kind in exports)
    if not address.name.endswith(("sign_out", "logout")):
        yield "POST", address.path


def _fault(name: str, response: Any, lists: Lists, marks: tuple[str, ...]) -> str | None:
    status: int = response.status_code
    if status in {403, 404, 405, 410}:
        return None
    if status in {301, 302}:
        target = response.headers["Location"]
        if target.startswith("/account/sign-in/"):
            return None
        return None if name in lists.redirects else f"leads to {target}"
    if status == 503 and name == "operations:readyz":
        return None  # no worker runs beside a test
    if status != 200:
        return f"answers {status}"
    if name not in lists.opens:
        return "opens"
    if name in lists.shows:
        return None
    text = text_of(response)
    shown = [mark for mark in marks if mark in text]
    return f"shows {shown[0]}" if shown else None


def text_of(response: Any) -> str:
    """Return what a reader finds in the answer; a workbook is unpacked."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"".join(book.read(part) for part in book.namelist())
    return str(content.decode("utf-8", "ignore"))
