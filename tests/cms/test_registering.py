"""Registering many at once is registering each: the same register, the same refusals, the same audit log."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any, NamedTuple

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from cms.crypto import decrypt_text
from cms.enums import AffiliationKind, Education, PersonGroup, Sex
from cms.errors import DomainError, Refusals
from cms.identity import demo_number, guess_id_type
from cms.models import (
    Affiliation,
    AuditEntry,
    EducationRecord,
    GroupTag,
    Organisation,
    Person,
    PersonDocument,
)
from cms.services.people import check_typed, person_facts, register_person, tag_group
from cms.services.registering import Registered, Registration, register_people
from tests.cms.import_world import make_school

pytestmark = pytest.mark.django_db
AT = timezone.now()
ON = timezone.localdate(AT)
NUMBERS = [demo_number(dt.date(1980, 1, serial + 1), serial, Sex.FEMALE) for serial in range(5)]
FACTS = {"organisation": None, "kind": AffiliationKind.ROSTER, "source": "名册", "by": None, "at": AT}


class Typed(NamedTuple):
    """What somebody typed of one person."""

    legal_name: str
    number: str
    sex: str = ""
    birth_date: dt.date | None = None
    phone: str = ""
    ethnicity: str = ""
    education: str = ""
    home_region_code: str = ""
    address: str = ""
    remark: str = ""
    groups: tuple[str, ...] = ()
    proof_number: str = ""

    @property
    def id_type(self) -> str:
        return str(guess_id_type(self.number))

    def checked(self) -> Registration:
        facts = person_facts(**{name: getattr(self, name) for name in _FACTS})
        who = {name: getattr(self, name) for name in ("legal_name", "id_type", "number", "sex", "birth_date")}
        return Registration(
            check_typed(facts["phone"], on=ON, **who), facts, self.remark, self.groups, self.proof_number
        )


_FACTS = ("phone", "ethnicity", "education", "home_region_code", "address")

typed = st.builds(
    Typed,
    number=st.sampled_from([*NUMBERS, NUMBERS[0][:-1] + "A", "810000199408230021", "E12345678"]),
    legal_name=st.sampled_from(["王秀英", "李桂花", "阿依古丽·买买提", ""]),
    sex=st.sampled_from(["", Sex.FEMALE, Sex.MALE]),
    birth_date=st.sampled_from([None, dt.date(1980, 1, 1), dt.date(1994, 8, 23)]),
    phone=st.sampled_from(["", "19900001111", "199 0000 2222", "123"]),
    ethnicity=st.sampled_from(["", "汉族", "苗族"]),
    education=st.sampled_from(["", Education.JUNIOR]),
    home_region_code=st.sampled_from(["", "990101000000"]),
    address=st.sampled_from(["", "青山乡"]),
    remark=st.sampled_from(["", "-2+3", "下午来"]),
    groups=st.lists(st.sampled_from(list(PersonGroup)[:3]), max_size=2, unique=True).map(tuple),
    proof_number=st.sampled_from(["", "ZM1", "ZM2"]),
)


def one_by_one(rows: list[Typed], organisation: Organisation) -> list[tuple[Any, ...]]:
    """The way of the counter: a transaction a person."""
    return [_one(row, organisation) for row in rows]


def _one(row: Typed, organisation: Organisation) -> tuple[Any, ...]:
    facts = {
        name: getattr(row, name)
        for name in ("id_type", *Typed._fields)
        if name not in {"groups", "proof_number"}
    }
    try:
        with transaction.atomic():
            person, created = register_person(
                **{**FACTS, "organisation": organisation}, region_code=organisation.region_code, **facts
            )
            for group in row.groups:
                said = GroupTag.objects.current().filter(
                    person=person, organisation=organisation, group=group
                )
                if said.filter(proof_number=row.proof_number).exists() or (
                    not row.proof_number and said.exists()
                ):
                    continue
                tag_group(
                    person, group, organisation, proof_number=row.proof_number, checked_by="", checked_on=None,
                    valid_from=ON, valid_until=None, region_code=organisation.region_code, by=None, at=AT,
                )  # fmt: skip
    except DomainError as error:
        return _refused(error)
    return "created" if created else "known", person.legal_name


def at_once(rows: list[Typed], organisation: Organisation) -> list[tuple[Any, ...]]:
    right: list[Registration] = []
    found: list[tuple[Any, ...]] = []
    for row in rows:
        try:
            right.append(row.checked())
        except Refusals as refused:
            found.append(_refused(refused))
        else:
            found.append(())
    answers = iter(
        register_people(
            right, **{**FACTS, "organisation": organisation}, region_code=organisation.region_code
        )
    )
    return [one or _answered(next(answers)) for one in found]


def _answered(one: Registered) -> tuple[Any, ...]:
    if one.refusal is not None:
        return _refused(one.refusal)
    assert one.person is not None
    return "created" if one.created else "known", one.person.legal_name


def _refused(error: DomainError) -> tuple[Any, ...]:
    return "refused", *sorted(one.code for one in getattr(error, "refusals", [error]))


def register() -> dict[str, Any]:
    """All that registering writes, without keys that differ from run to run."""
    numbers = {row.person_id: decrypt_text(row.number_token) for row in PersonDocument.objects.all()}
    entries = AuditEntry.objects.filter(action__startswith="person.")
    return {
        "people": sorted(
            (numbers[one.pk], one.legal_name, one.name_pinyin, one.sex, str(one.birth_date), one.phone,
             one.ethnicity, one.education, one.region_code, one.address)
            for one in Person.objects.all()
        ),
        "documents": sorted(
            (one.id_type, one.masked, one.last_four, one.digests.filter(is_current=True).count())
            for one in PersonDocument.objects.all()
        ),
        "affiliations": sorted(
            (numbers[one.person_id], one.organisation_id, one.kind, one.region_code, one.source, one.remark)
            for one in Affiliation.objects.all()
        ),
        "education": sorted(
            (numbers[one.person_id], one.organisation_id, one.education) for one in EducationRecord.objects.all()
        ),
        "tags": sorted(
            (numbers[one.person_id], one.group, one.proof_number, one.superseded_at is None, str(one.valid_from))
            for one in GroupTag.objects.all()
        ),
        "audit": Counter(
            (one.action, one.organisation_id, one.region_code, str({**one.data, "replaces": len(one.data.get("replaces", []))}))
            for one in entries
        ),
    }  # fmt: skip


def outcome_of(way: Any, lists: list[list[Typed]], places: list[Organisation]) -> Any:
    """Run one way and take it back."""
    with transaction.atomic():
        answers = [way(rows, place) for rows, place in zip(lists, places, strict=True)]
        found = register()
        transaction.set_rollback(True)
    return answers, found


@pytest.fixture
def places(db: None) -> list[Organisation]:
    school = make_school()
    return [school, Organisation.objects.get(short_code="QS"), school]


@given(lists=st.lists(st.lists(typed, max_size=6), min_size=3, max_size=3))
def test_many_at_once_are_each_one_by_one(places: list[Organisation], lists: list[list[Typed]]) -> None:
    assert outcome_of(at_once, lists, places) == outcome_of(one_by_one, lists, places)


@pytest.mark.both
def test_a_chunk_costs_the_same_statements_at_2_and_at_100(
    places: list[Organisation], django_assert_max_num_queries: Any
) -> None:
    def rows(count: int, day: int) -> list[Typed]:
        numbers = [demo_number(dt.date(1981, 2, day), serial, Sex.FEMALE) for serial in range(count)]
        return [Typed("王秀英", number, groups=(PersonGroup.IN_POST,)) for number in numbers]

    with django_assert_max_num_queries(40):
        at_once(rows(2, 1), places[0])
    with django_assert_max_num_queries(80):  # SQLite takes so many values a statement
        assert len(at_once(rows(100, 2), places[0])) == 100


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_two_rosters_and_a_counter_meet_the_same_people(run_together: Any) -> None:
    """At the same moment: one person a number, each organisation linked, nobody waits for ever."""
    school = make_school()
    company = Organisation.objects.get(short_code="QS")
    numbers = [demo_number(dt.date(1982, 3, 1), serial, Sex.FEMALE) for serial in range(60)]
    rows = [Typed("王秀英", number) for number in numbers]
    answers = run_together(
        lambda: at_once(rows, school),
        lambda: at_once(rows[::-1], company),
        lambda: one_by_one(rows[20:30], company),
    )
    assert not [one for one in answers if isinstance(one, BaseException)]
    assert Person.objects.count() == PersonDocument.objects.count() == 60
    assert sum(one[0] == "created" for rows_of in answers for one in rows_of) == 60
    for organisation in (school, company):
        assert Affiliation.objects.filter(organisation=organisation).count() == 60
    registered = AuditEntry.objects.filter(action="person.register")
    assert registered.count() == registered.values("object_id").distinct().count() == 60
