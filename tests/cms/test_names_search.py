"""People and organisations found by parts of names, spelling and initials; by number only where one may see."""

from __future__ import annotations

import datetime as dt
import importlib

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import assume, given
from hypothesis import strategies as st

from cms.enums import AffiliationKind, IdType, Sex
from cms.errors import DomainError
from cms.identity import demo_number
from cms.models import AuditEntry, Organisation, Person
from cms.pinyin import organisation_key, spell_name
from cms.roles import Role
from cms.search.names import KEY, found_by
from cms.search.words import joined_word
from cms.services.finding import find_by_number
from cms.services.organisations import change_organisation
from cms.services.people import create_undocumented_person, register_person
from tests.cms.sign_in_world import COUNTY, make_school, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]

PEOPLE = {
    "a": "王秀英", "b": "单𠅤华", "c": "阿依古丽·买买提", "d": "Anna O'Neil", "e": "黄广", "f": "欧阳秀", "g": "𬱖䶮",
}  # fmt: skip
NUMBER = demo_number(dt.date(1973, 4, 15), 61, Sex.FEMALE)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("秀", "af"),
        ("秀英", "a"),
        ("王 英", "a"),
        ("英秀", ""),
        ("𠅤", "b"),
        ("𬱖䶮", "g"),
        ("古丽买", "c"),
        ("古丽·买", "c"),
        ("wangxiuying", "a"),
        ("Xiu Ying", "a"),
        ("ying", "a"),
        ("ang", ""),
        ("shan", "b"),  # the reading as a surname
        ("wxy", "a"),
        ("xy", "a"),
        ("oy", "f"),
        ("neil", "d"),
        ("nna", ""),
        ("o'neil", "d"),
        ("ANNA", "d"),
        ("王 neil", ""),
        ("·", ""),
        ("%", ""),
        ("\x00", ""),
        ("王\x00秀", "a"),
        ("  ", "abcdefg"),
    ],
)
def test_a_person_is_found_by_any_part(typed: str, expected: str) -> None:
    for name in PEOPLE.values():
        create_undocumented_person(legal_name=name)
    letters = {name: letter for letter, name in PEOPLE.items()}
    hits = found_by(Person.objects.all(), typed, [KEY])
    assert "".join(sorted(letters[row.legal_name] for row in hits)) == expected


HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF) | st.characters(
    min_codepoint=0x20000, max_codepoint=0x323AF
)


@given(name=st.text(st.sampled_from("王李𠅤秀英䶮花·Aéº ") | HAN, min_size=1, max_size=50), data=st.data())
def test_every_part_of_every_name_is_in_its_key(name: str, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(name) - 1))
    part = name[first : data.draw(st.integers(first + 1, len(name)))]
    # Beside characters, letters are a part of them; by themselves they count from the start of a word.
    assume(not joined_word(part).isascii())
    person = Person.objects.create(legal_name=name, **spell_name(name)._asdict())
    assert found_by(Person.objects.filter(pk=person.pk), "".join(part.split()), [KEY]).exists()


def test_an_organisation_is_found_by_name_spelling_and_codes() -> None:
    school = make_school()
    change_organisation(
        school,
        name="青山家政服务（星河）中心",
        uscc="52990101MA0DEM03XF",
        kinds=["school"],
        by=None,
        at=timezone.now(),
    )
    for typed in (
        "青山",
        "务",
        "山家政 星河",
        "qingshan",
        "jiazheng",
        "qsjz",
        "xh",
        "52990101ma0",
        "服务星河中心",
    ):
        assert found_by(Organisation.objects.all(), typed, [KEY]).exists(), typed
    for typed in ("山青", "ngshan", "MA0DEM"):
        assert not found_by(Organisation.objects.all(), typed, [KEY]).exists(), typed


def test_rows_of_before_get_their_keys_but_not_erased_ones() -> None:
    school = make_school("云岭家政", "YL")
    known = Person.objects.create(legal_name="王秀英", name_pinyin="wangxiuying wxy")
    known.former_names.create(name="王桂花", until=dt.date(2020, 1, 1))
    erased = Person.objects.create(legal_name="（已删除）")
    importlib.import_module("cms.migrations.0018_search_keys").write_keys(apps, None)
    for row in (school, known, erased):
        row.refresh_from_db()
    assert known.search_key == spell_name("王秀英", ["王桂花"]).search_key and " wgh" in known.search_key
    assert school.search_key == organisation_key("云岭家政", "YL") and erased.search_key == ""


def register(school: Organisation) -> Person:
    person, _created = register_person(
        legal_name="王桂花", id_type=IdType.CITIZEN_ID, number=NUMBER, organisation=school,
        kind=AffiliationKind.ROSTER, region_code=COUNTY, source="花名册", by=None, at=timezone.now(),
    )  # fmt: skip
    return person


def test_a_number_leads_to_its_holder_in_sight_and_says_the_same_of_all_others(client: Client) -> None:
    person = register(make_school())
    planner = make_staff("jiaowu", Role.PLANNER, Organisation.objects.get())
    stranger = make_staff("qingshan", Role.PLANNER, make_school("青山家政", "QS"))
    form, shown = reverse("people:find"), reverse("people:inspect", args=[person.pk])

    client.force_login(planner)
    assert form in client.get(reverse("people:index")).content.decode()
    # As it is copied from a table: blanks, full width, a small x.
    answer = client.post(form, {"number": f" {NUMBER[:6]} {NUMBER[6:].lower()}"})
    assert answer.status_code == 302 and answer["Location"] == shown
    entry = AuditEntry.objects.get(action="person.find")
    assert entry.actor_id == planner.pk and NUMBER not in str(vars(entry))
    assert "18" in client.post(form, {"number": "12345"}).content.decode()

    client.force_login(stranger)
    with pytest.raises(DomainError) as known:
        find_by_number(NUMBER, by=stranger, at=timezone.now())
    other = demo_number(dt.date(1973, 4, 15), 99, Sex.FEMALE)
    with pytest.raises(DomainError) as unknown:
        find_by_number(other, by=stranger, at=timezone.now())
    assert (known.value.code, known.value.message) == (unknown.value.code, unknown.value.message)
    for _try in range(30):
        answer = client.post(form, {"number": NUMBER})
        assert answer.status_code == 200 and str(known.value.message) in answer.content.decode()
    assert client.post(form, {"number": NUMBER}).status_code == 429
    assert AuditEntry.objects.filter(action="person.find").count() == 1
    assert client.get(form, {"number": NUMBER}).context["form"].is_bound is False
