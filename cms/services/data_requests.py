"""Requests about one's own data: asked by the person, answered by an officer, a deletion by two."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit, crypto
from cms.enums import (
    DATA_REQUEST_MOVES,
    GRANTED_REQUESTS,
    AccountRelation,
    DataField,
    DataRequestKind,
    DataRequestState,
)
from cms.errors import DomainError
from cms.messaging import queue_message, withdraw_messages
from cms.models import DataRequest, Person, PersonAccount, User
from cms.my_data import holds_on, kept_fields
from cms.phones import check_phone, normalise_phone
from cms.roles import Role
from cms.services.reveals import Standpoint, standpoint

ANSWERED = "data_request_answered"
# What an accepted correction writes by itself; the rest is put right on the person's page first.
WRITTEN = {DataField.PHONE: "phone", DataField.ETHNICITY: "ethnicity", DataField.ADDRESS: "address"}
# A coordinator brings somebody to the counter for what cannot be undone.
MAY_DELETE = frozenset({AccountRelation.SELF, AccountRelation.FAMILY})


@transaction.atomic
def ask_correction(
    person: Person, *, field: str, wanted: str, note: str = "", by: User, at: dt.datetime
) -> DataRequest:
    """Ask that a field be put right; raise ``DomainError`` ``phone_wrong`` or ``wanted_long``."""
    wanted = wanted.strip()
    if field == DataField.PHONE:
        wanted = normalise_phone(wanted)
        _check(lambda: check_phone(wanted), "wanted")
    if field in WRITTEN:
        limit = getattr(Person._meta.get_field(WRITTEN[DataField(field)]), "max_length", 0)
        if len(wanted) > limit:
            raise DomainError("wanted_long", _("写得太长了，请写短一些。"), field="wanted")
    request = DataRequest.objects.create(
        kind=DataRequestKind.CORRECTION,
        person=person,
        field=DataField(field),
        wanted_token=crypto.encrypt_text(wanted),
        note_token=_sealed(note),
        asked_by=by,
        asked_at=at,
    )
    audit.record("data_request.ask", request, by=by, at=at, for_person=person, person=person.pk, field=field)
    return request


@transaction.atomic
def ask_deletion(person: Person, *, note: str = "", by: User, at: dt.datetime) -> DataRequest:
    """Ask that what is kept be deleted and the account closed.

    Raises ``DomainError`` ``deletion_open`` while one is on its way, ``deletion_counter`` when a
    coordinator asks.
    """
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    link = PersonAccount.objects.filter(user=by, person=person, until__isnull=True).first()
    if link is None or link.relation not in MAY_DELETE:
        raise DomainError("deletion_counter", _("删除要本人或家人申请，或者带身份证到窗口。"))
    due = models.Q(state__in=sorted(GRANTED_REQUESTS), erased_at__isnull=True)
    same = person.data_requests.filter(kind=DataRequestKind.DELETION)
    if same.open().exists() or same.filter(due).exists():
        raise _already_asked()
    try:
        with transaction.atomic():
            request = DataRequest.objects.create(
                kind=DataRequestKind.DELETION,
                person=person,
                note_token=_sealed(note),
                asked_by=by,
                asked_at=at,
            )
    except IntegrityError as error:
        raise _already_asked() from error
    audit.record("data_request.ask", request, by=by, at=at, for_person=person, person=person.pk)
    return request


def _already_asked() -> DomainError:
    return DomainError("deletion_open", _("已经申请过删除，正在办，不用再申请。"))


@transaction.atomic
def withdraw_request(request: DataRequest, *, by: User, at: dt.datetime) -> DataRequest:
    """Take a request back; a deletion until the day it is carried out. Raises ``request_moved``."""
    request = _lock(request)
    if request.erased_at is not None:
        raise _moved()
    _move(request, DataRequestState.WITHDRAWN)
    request.erase_on = None
    request.save(update_fields=["state", "erase_on"])
    withdraw_messages(ANSWERED, request, at=at)
    audit.record("data_request.withdraw", request, by=by, at=at, for_person=request.person)
    return request


@transaction.atomic
def answer_request(
    request: DataRequest, to: DataRequestState, *, words: str, by: User, at: dt.datetime
) -> DataRequest:
    """Answer a correction, or decline a deletion, in words that the person reads.

    An accepted correction of phone, address or ethnicity is written by this service; anything else the
    officer has put right before. Raises ``DomainError`` ``request_moved``, ``request_own``, ``request_scope``.
    """
    request = _lock(request)
    if request.kind == DataRequestKind.DELETION and to != DataRequestState.DECLINED:
        raise _moved()
    _take_up(request, by)
    _move(request, to)
    _answer(request, words, by=by, at=at)
    request.save()
    fields = []
    if to == DataRequestState.ACCEPTED and request.field in WRITTEN:
        fields = [WRITTEN[DataField(request.field)]]
        setattr(request.person, fields[0], crypto.decrypt_text(request.wanted_token))
        request.person.save(update_fields=fields)
    audit.record(
        "data_request.answer", request, by=by, at=at, for_person=request.person, answer=to, fields=fields
    )
    _tell(request, by=by, at=at)
    return request


@transaction.atomic
def propose_deletion(request: DataRequest, *, words: str, by: User, at: dt.datetime) -> DataRequest:
    """Hand a deletion to a second person, with the answer that the person would read.

    Raises ``deletion_blocked`` while a hold has to end first, and what ``answer_request`` raises.
    """
    request = _lock(request)
    _take_up(request, by)
    _refuse_blocked(request, at)
    _move(request, DataRequestState.PROPOSED)
    request.proposed_by, request.proposed_at = by, at
    request.answer_token = _sealed(words)
    request.save()
    audit.record("data_request.propose", request, by=by, at=at, for_person=request.person)
    return request


@transaction.atomic
def return_deletion(request: DataRequest, *, words: str, by: User, at: dt.datetime) -> DataRequest:
    """The second person does not agree: back to the first, who reads why in the history."""
    request = _lock(request)
    _check_second(request, by)
    if request.state != DataRequestState.PROPOSED:
        raise _moved()
    _move(request, DataRequestState.SUBMITTED)
    request.proposed_by = request.proposed_at = None
    request.answer_token = ""
    request.save()
    audit.record("data_request.return", request, by=by, at=at, for_person=request.person, reason=words)
    return request


@transaction.atomic
def approve_deletion(request: DataRequest, *, words: str = "", by: User, at: dt.datetime) -> DataRequest:
    """The second person agrees: ``DELETION_DAYS`` later what no hold keeps is erased and the account closed.

    Accepted when nothing is kept, else partly. Raises ``same_officer``, ``approve_scope`` (not an
    administrator), ``other_organisations`` (others know the person: the system administrator decides),
    and what ``propose_deletion`` raises.
    """
    request = _lock(request)
    _check_second(request, by)
    holds = _refuse_blocked(request, at)
    kept = kept_fields(holds)
    _move(request, DataRequestState.PARTLY if kept else DataRequestState.ACCEPTED)
    _answer(request, words or _opened(request.answer_token), by=by, at=at)
    request.erase_on = timezone.localdate(at) + dt.timedelta(days=settings.DELETION_DAYS)
    request.save()
    audit.record(
        "data_request.approve", request, by=by, at=at, for_person=request.person,
        answer=request.state, held=sorted(kept), holds=[hold.code for hold in holds],
    )  # fmt: skip
    _tell(request, by=by, at=at)
    return request


# --- the steps they share ------------------------------------------------------------------------------


def _lock(request: DataRequest) -> DataRequest:
    rows = DataRequest.objects.select_for_update(of=("self",)).select_related("person")
    return rows.get(pk=request.pk)


def _moved() -> DomainError:
    return DomainError("request_moved", _("这个申请已经变了，请刷新看看。"))


def _move(request: DataRequest, to: DataRequestState) -> None:
    if to not in DATA_REQUEST_MOVES[request.kind][request.state]:
        raise _moved()
    request.state = to


def _take_up(request: DataRequest, by: User) -> Standpoint:
    """Refuse who asked or acts for the person, and who does not know her; note whose desk it is."""
    if PersonAccount.objects.filter(user=by, person=request.person, until__isnull=True).exists():
        raise DomainError("request_own", _("您自己或家里人的申请，要由别人办。"))
    stands = standpoint(by, request.person)
    if stands is None:
        raise DomainError("request_scope", _("这个人的申请不归您办。"))
    request.organisation, request.region_code = stands.organisation, stands.region_code
    return stands


def _check_second(request: DataRequest, by: User) -> None:
    stands = _take_up(request, by)
    if request.proposed_by_id == by.pk:
        raise DomainError("same_officer", _("删除要两个人办：经办的人不能自己复核。"))
    if by.scope().everything:
        return
    if stands.role != Role.ORG_ADMIN:
        raise DomainError("approve_scope", _("删除要由机构管理员或系统管理员复核。"))
    mine = by.scope().organisations(Role.ORG_ADMIN)
    if request.person.affiliations.exclude(organisation_id__in=mine).exists():
        raise DomainError(
            "other_organisations", _("别的单位也登记着这个人，要由系统管理员复核，免得删了别人要用的。")
        )


def _refuse_blocked(request: DataRequest, at: dt.datetime) -> list[Any]:
    holds = holds_on(request.person, timezone.localdate(at))
    blocking = [hold for hold in holds if hold.blocks]
    if blocking:
        raise DomainError("deletion_blocked", _("现在还不能删：%(why)s") % {"why": blocking[0].words})
    return holds


def _answer(request: DataRequest, words: str, *, by: User, at: dt.datetime) -> None:
    request.answer_token = _sealed(words)
    request.answered_by, request.answered_at = by, at


def _tell(request: DataRequest, *, by: User, at: dt.datetime) -> None:
    about = {"kind": request.kind, "state": request.state}
    if request.erase_on:
        about["erase_on"] = request.erase_on.isoformat()
    queue_message(
        ANSWERED,
        subject=request,
        person=request.person,
        about=about,
        occasion=f"{request.state} {at:%Y%m%d%H%M%S}",
        by=by,
        at=at,
    )


def _sealed(words: str) -> str:
    return crypto.encrypt_text(words.strip()) if words.strip() else ""


def _opened(token: str) -> str:
    return crypto.decrypt_text(token) if token else ""


def words_of(request: DataRequest) -> dict[str, str]:
    """Return what was typed: ``wanted``, ``note`` and ``answer``, empty where nothing is kept."""
    return {name: _opened(getattr(request, f"{name}_token")) for name in ("wanted", "note", "answer")}


def _check(ask: Callable[[], None], field: str) -> None:
    """Put a refusal on the field it was typed in."""
    try:
        ask()
    except DomainError as error:
        error.field = field
        raise
