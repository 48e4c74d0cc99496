"""Document numbers and names: what passes, what is refused with which code, what is normalised."""

from __future__ import annotations

import datetime as dt
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms import identity
from cms.enums import IdType, Sex
from cms.errors import DomainError
from cms.phones import check_phone, normalise_phone
from cms.pinyin import spell_name

ON = dt.date(2026, 3, 14)
BIRTH = dt.date(1973, 4, 15)
births = st.dates(dt.date(1930, 1, 1), dt.date(2009, 12, 31))
serials = st.integers(0, 499)
sexes = st.sampled_from(list(Sex))


def code_of(id_type: str, number: str, on: dt.date = ON) -> str | None:
    try:
        identity.check_number(id_type, number, on)
    except DomainError as refusal:
        assert refusal.field == "number"
        assert str(refusal.message)
        return refusal.code
    return None


def with_check(first: str) -> str:
    return first + identity.check_character(first)


def in_other_digits(number: str, zero: int) -> str:
    """Return the number as another script writes its digits, with the check character as it was."""
    return number[:-1].translate({ord("0") + digit: chr(zero + digit) for digit in range(10)}) + number[-1]


@given(births, serials, sexes)
def test_a_demo_number_passes_and_tells_birth_and_sex(birth: dt.date, serial: int, sex: Sex) -> None:
    number = identity.demo_number(birth, serial, sex)
    assert number.startswith("999999")
    assert code_of(IdType.CITIZEN_ID, number) is None
    assert identity.birth_date_of(number) == birth
    assert identity.sex_of(number) == sex
    assert identity.guess_id_type(number) == IdType.CITIZEN_ID


@given(births, serials, sexes, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(
    birth: dt.date, serial: int, sex: Sex, place: int, step: int
) -> None:
    number = identity.demo_number(birth, serial, sex)
    wrong = number[:place] + str((int(number[place]) + step) % 10) + number[place + 1 :]
    assert code_of(IdType.CITIZEN_ID, wrong) is not None


@given(births, serials, sexes, st.integers(0, 15))
def test_two_swapped_digits_are_always_found(birth: dt.date, serial: int, sex: Sex, place: int) -> None:
    number = identity.demo_number(birth, serial, sex)
    wrong = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert wrong == number or code_of(IdType.CITIZEN_ID, wrong) is not None


@given(st.text())
def test_normalising_a_number_twice_changes_nothing(text: str) -> None:
    try:
        once = identity.normalise_number(text)
    except DomainError as refusal:
        assert refusal.code == "number_scientific"
        return
    assert identity.normalise_number(once) == once
    assert not any(character.isspace() for character in once)


@given(st.text(max_size=60))
def test_normalising_a_name_twice_changes_nothing(text: str) -> None:
    once = identity.normalise_name(text)
    assert identity.normalise_name(once) == once
    assert unicodedata.normalize("NFC", once) == once


@given(st.text(max_size=60))
def test_any_name_is_judged_with_a_code(text: str) -> None:
    try:
        identity.check_name(identity.normalise_name(text))
    except DomainError as refusal:
        assert refusal.code in {"name_missing", "name_length", "name_pua", "name_chars"}


@given(st.text(min_size=3, max_size=30))
def test_a_mask_shows_first_and_last_only(number: str) -> None:
    masked = identity.mask_number(number)
    assert len(masked) == len(number)
    assert masked == number[0] + "*" * (len(number) - 2) + number[-1]


def test_short_numbers_are_masked_whole() -> None:
    assert [identity.mask_number(number) for number in ("", "1", "12")] == ["", "*", "**"]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" 999999198101228720 ", "999999198101228720"),
        ("９９９９９９１９８１０８１７０２０X", "99999919810817020X"),
        ("99999919810817020x", "99999919810817020X"),
        ("999999 19810817 020x", "99999919810817020X"),
        ("99999919810817020×", "99999919810817020X"),
        ("'99999919810817020X", "99999919810817020X"),
        ("999999-19810817-020X", "99999919810817020X"),
        ("\u200b99999919810817020X\u3000", "99999919810817020X"),
        (None, ""),
    ],
)
def test_writing_is_normalised(typed: object, stored: str) -> None:
    assert identity.normalise_number(typed) == stored


@pytest.mark.parametrize(
    "lost",
    [9.999991983081267e17, 999999198308126720, "1.10105E+17", "9.99999E+17", "1e+17", "999999198308126000.0"],
)
def test_what_a_spreadsheet_lost_is_refused(lost: object) -> None:
    with pytest.raises(DomainError) as refused:
        identity.normalise_number(lost)
    assert refused.value.code == "number_scientific"


def test_lost_digits_behind_zeros_are_named_as_such() -> None:
    number = "999999198308127000"
    assert identity.check_character(number) != "0"
    assert code_of(IdType.CITIZEN_ID, number) == "number_scientific"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("", "number_missing"),
        ("999999640101123", "number_length"),
        ("99999919730415122", "number_length"),
        ("9999991973041512290", "number_length"),
        ("99999919730415A229", "number_chars"),
        ("X99999197304151229", "number_chars"),
        (in_other_digits(with_check("99999919730415122"), 0x0660), "number_chars"),
        (in_other_digits(with_check("99999919730415122"), 0x1D7CE), "number_chars"),
        (in_other_digits("8100001994082300", 0x0660) + "20", "number_chars"),
        ("999999197605168680", "number_check_digit"),
        (with_check("99999919750230123"), "number_birth_date"),
        (with_check("99999919751301123"), "number_birth_date"),
        (with_check("99999920270101123"), "number_future"),
        (with_check("99999920130101123"), "number_age"),
        (with_check("99999919250101123"), "number_age"),
        ("810000199408230021", "number_type"),
    ],
)
def test_wrong_citizen_numbers(number: str, code: str) -> None:
    assert code_of(IdType.CITIZEN_ID, number) == code


def test_the_message_counts_what_was_typed() -> None:
    with pytest.raises(DomainError, match="您填了 17 位"):
        identity.check_number(IdType.CITIZEN_ID, "99999919730415122", ON)
    with pytest.raises(DomainError, match="15 位的旧号码"):
        identity.check_number(IdType.CITIZEN_ID, "999999640101123", ON)


def test_age_is_counted_to_the_day() -> None:
    number = identity.demo_number(dt.date(2010, 3, 14), 1, Sex.FEMALE)
    assert code_of(IdType.CITIZEN_ID, number, dt.date(2026, 3, 13)) == "number_age"
    assert code_of(IdType.CITIZEN_ID, number, dt.date(2026, 3, 14)) is None
    leap = dt.date(2008, 2, 29)
    assert identity.age_on(leap, dt.date(2026, 2, 28)) == 17
    assert identity.age_on(leap, dt.date(2026, 3, 1)) == 18


@pytest.mark.parametrize("first", ["81000019940823002", "82000019700101001", "83000019881231999"])
def test_residence_permits_pass(first: str) -> None:
    number = with_check(first)
    assert identity.guess_id_type(number) == IdType.HMT_PERMIT
    assert code_of(IdType.HMT_PERMIT, number) is None
    assert identity.region_warning(number) == ""


def test_the_type_of_a_permit_is_not_open_to_choice() -> None:
    number = identity.demo_number(BIRTH, 1, Sex.MALE)
    assert code_of(IdType.HMT_PERMIT, number) == "number_type"
    assert code_of(IdType.FOREIGN_PERMANENT, number) == "number_type"


def test_permanent_residence_cards_of_both_editions_pass() -> None:
    new, old = with_check("93127619850607001"), "DEU110185060712"
    for number in (new, old):
        assert identity.guess_id_type(number) == IdType.FOREIGN_PERMANENT
        assert code_of(IdType.FOREIGN_PERMANENT, number) is None
        assert identity.birth_date_of(number) == dt.date(1985, 6, 7)
    assert code_of(IdType.FOREIGN_PERMANENT, "DEU110185133112") == "number_birth_date"
    assert code_of(IdType.FOREIGN_PERMANENT, "DE1110185060712") == "number_chars"
    assert code_of(IdType.CITIZEN_ID, new) == "number_type"


def test_passports() -> None:
    assert code_of(IdType.PASSPORT, "E12345678") is None
    assert code_of(IdType.PASSPORT, "E123") == "number_length"
    assert code_of(IdType.PASSPORT, "E1234567/8") == "number_chars"
    assert identity.birth_date_of("E12345678") is None
    assert identity.sex_of("E12345678") is None


def test_numbers_that_a_region_table_would_refuse_pass() -> None:
    """Numbers of districts younger than the holder, and 441990, where a library crashed."""
    for first in ("11011219900307001", "32058319700307001", "44199019900101001", "41900119700101002"):
        number = with_check(first)
        assert code_of(IdType.CITIZEN_ID, number) is None
        assert identity.region_warning(number) == ""
    assert identity.region_warning(identity.demo_number(BIRTH, 3, Sex.FEMALE))


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("古丽.买买提", "古丽·买买提"),
        ("古丽•买买提", "古丽·买买提"),
        ("古丽 ・ 买买提", "古丽·买买提"),
        ("古丽．买买提", "古丽·买买提"),
        ("王 桂 花", "王桂花"),
        ("　王桂花\u200b", "王桂花"),
        ("龙\ue863", "龙䶮"),
        ("John  A. Smith", "John A. Smith"),
        ("e\u0301mile", "émile"),
        ("ＪＯＨＮ　Ａ. Smith", "JOHN A. Smith"),
        ("王\ufe0f秀英", "王秀英"),
    ],
)
def test_names_are_normalised(typed: str, stored: str) -> None:
    assert identity.normalise_name(typed) == stored
    identity.check_name(stored)


def test_known_private_code_points_become_what_they_meant() -> None:
    assert ord(identity.normalise_name("\ue863")) == 0x4DAE
    assert ord(identity.normalise_name("\ue81e")) == 0x9FB4
    assert ord(identity.normalise_name("\ue831")) == 0x215D7


def test_other_private_code_points_are_named() -> None:
    with pytest.raises(DomainError) as refused:
        identity.check_name(identity.normalise_name("王\ue000\U000f0001"))
    assert refused.value.code == "name_pua"
    assert "U+E000、U+F0001" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "name_missing"),
        ("王" * 51, "name_length"),
        ('=HYPERLINK("x")', "name_chars"),
        ("王2", "name_chars"),
        ("·", "name_chars"),
        ("王@花", "name_chars"),
    ],
)
def test_wrong_names(name: str, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        identity.check_name(name)
    assert (refused.value.code, refused.value.field) == (code, "legal_name")


def test_rare_and_long_names_pass() -> None:
    for name in ("王龑", "张𬭎", "李𡃁", "陈\U000313aa", "〇一", "买" * 50, "O’Brien-Li"):
        identity.check_name(name)


@pytest.mark.parametrize(
    ("name", "spelt"),
    [
        ("王桂花", "wangguihua wgh"),
        ("曾华", "zenghua zh"),
        ("王朝阳", "wangzhaoyang wzy"),
        ("尉迟红", "yuchihong ych"),
        ("古丽·买买提", "gulimaimaiti glmmt"),
    ],
)
def test_names_are_spelt_for_search(name: str, spelt: str) -> None:
    assert spell_name(name).name_pinyin == spelt


@given(st.text(max_size=50))
def test_any_spelling_fits_its_column(name: str) -> None:
    assert len(spell_name(name).name_pinyin) <= 200


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("+86 139 0000-0417", "13900000417"),
        ("8613900000417", "13900000417"),
        ("１３９００００0417", "13900000417"),
        (13900000417, "13900000417"),
        (13900000417.0, "13900000417"),
        ("0571-8888 8888", "057188888888"),
        ("\u202d13900000417\u202c", "13900000417"),
        (None, ""),
    ],
)
def test_phones_are_normalised(typed: object, stored: str) -> None:
    assert normalise_phone(typed) == stored


@pytest.mark.parametrize(
    "wrong", ["1390000041", "12345", "abc", "23900000417", "139000004170", "13\u0669\u06600000417"]
)
def test_wrong_phones(wrong: str) -> None:
    with pytest.raises(DomainError) as refused:
        check_phone(wrong)
    assert refused.value.code == "phone_wrong"


def test_an_account_needs_a_mobile_number() -> None:
    check_phone("057188888888")
    with pytest.raises(DomainError):
        check_phone("057188888888", mobile=True)
