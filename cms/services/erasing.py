"""Carry out a deletion: blank what no legal hold keeps, close the account; the audit log stays as it is."""

from __future__ import annotations

import datetime as dt

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone

from cms import audit
from cms.enums import GRANTED_REQUESTS, AccountRelation, DataField, DataRequestKind, FileKind
from cms.models import (
    DataRequest,
    DocumentDigest,
    FileLink,
    Message,
    MessageRead,
    Person,
    PersonAccount,
    SignInCode,
    StoredFile,
    User,
)
from cms.my_data import erasers, holds_on, kept_fields
from cms.services.sessions import end_sessions

# What stands in place of a name: stored, so in the language of the register.
ERASED_NAME = "已删除"


def erase_due(at: dt.datetime) -> int:
    """Erase whose day has come, each in a transaction of its own; safe to run twice. Return how many."""
    due = DataRequest.objects.filter(
        kind=DataRequestKind.DELETION,
        state__in=sorted(GRANTED_REQUESTS),
        erase_on__lte=timezone.localdate(at),
        erased_at__isnull=True,
    )
    return sum(carry_out_deletion(request, at=at) for request in due.order_by("pk"))


@transaction.atomic
def carry_out_deletion(request: DataRequest, *, at: dt.datetime) -> bool:
    """Erase the person of a request that two people agreed to; a hold that blocks puts it off. Say whether."""
    request = DataRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    if request.state not in GRANTED_REQUESTS or request.erased_at is not None:
        return False
    person = Person.objects.select_for_update(no_key=True).get(pk=request.person_id)
    holds = holds_on(person, timezone.localdate(at))
    if any(hold.blocks for hold in holds):
        return False
    erase_person(person, keeps=kept_fields(holds), by=request.answered_by, at=at)
    request.erased_at = at
    request.save(update_fields=["erased_at"])
    return True


@transaction.atomic
def erase_person(person: Person, *, keeps: frozenset[DataField], by: User | None, at: dt.datetime) -> None:
    """Blank every field of ``person`` that is not in ``keeps`` and close the account that is their own.

    Audit entries, seals, certificates' and claims' snapshots and attendance events are not touched.
    """
    erased = frozenset(DataField) - keeps
    _blank_facts(person, erased)
    if DataField.DOCUMENT in erased:
        _erase_documents(person, at)
    if DataField.GROUPS in erased:
        person.group_tags.update(proof_number="")
    if DataField.EDUCATION in erased:
        person.education_records.all().delete()
    if DataField.OTHER in erased:
        person.health_certificates.all().delete()
    for erase in erasers:
        erase(person, erased, at)
    _erase_words(person)
    _close_accounts(person, by=by, at=at)
    person.slips.filter(used_at__isnull=True, expires_at__gt=at).update(expires_at=at)
    audit.record("person.erase", person, by=by, at=at, fields=sorted(erased), held=sorted(keeps))


def _blank_facts(person: Person, erased: frozenset[DataField]) -> None:
    if DataField.NAME in erased:
        person.legal_name, person.name_pinyin, person.search_key = ERASED_NAME, "", ""
        person.former_names.all().delete()
    if DataField.BIRTH in erased:
        person.sex, person.birth_date = "", None
    if DataField.ADDRESS in erased:
        person.address = person.region_code = ""
    for field in (DataField.PHONE, DataField.ETHNICITY, DataField.EDUCATION):
        if field in erased:
            setattr(person, field, "")
    person.save()


def _erase_documents(person: Person, at: dt.datetime) -> None:
    """The rows stay, because looks at the number point at them; number and digests go."""
    DocumentDigest.objects.filter(document__person=person).delete()
    person.documents.filter(superseded_at__isnull=True).update(superseded_at=at)
    person.documents.update(number_token="", masked="", last_four="")


def _erase_words(person: Person) -> None:
    """What was written to and by the person: messages, and the words of their requests."""
    messages = Message.objects.filter(person=person)
    MessageRead.objects.filter(message_id__in=messages.values("pk")).delete()
    messages.delete()
    person.deliveries.update(address_masked="")
    person.data_requests.update(wanted_token="", note_token="", answer_token="")


def _close_accounts(person: Person, *, by: User | None, at: dt.datetime) -> None:
    links = list(PersonAccount.objects.filter(person=person, until__isnull=True).select_related("user"))
    for link in links:
        link.until = at
        link.save(update_fields=["until"])
        audit.record("account.leave", person, by=by, at=at, user=link.user_id)
        if link.relation == AccountRelation.SELF:
            close_account(link.user, by=by, at=at)


@transaction.atomic
def close_account(user: User, *, by: User | None, at: dt.datetime) -> bool:
    """Close an account for good and forget how to reach it; one with a role stays. Say whether it was closed."""
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.is_superuser or user.live_roles():
        return False
    PersonAccount.objects.filter(user=user, until__isnull=True).update(until=at)
    end_sessions(user, by=by, at=at)
    Authenticator.objects.filter(user=user).delete()
    SignInCode.objects.filter(user=user).delete()
    FileLink.objects.filter(for_user=user).delete()
    StoredFile.objects.filter(created_by=user, kind=FileKind.MY_DATA).exclude(content="").update(
        expires_at=at
    )
    user.is_active = False
    user.username, user.display_name = f"closed{user.pk}", ""
    user.phone = user.email = None
    user.set_unusable_password()
    user.save()
    audit.record("account.close", user, by=by, at=at)
    return True
