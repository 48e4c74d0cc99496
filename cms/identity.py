"""Numbers of identity documents, and names as the documents write them.

Our own validator (requirement 54): the check digit of ISO 7064 MOD 11-2 (GB 11643) and the birth date
decide; the region code is only a warning, because districts are abolished and renamed while the number
stays. Permits for residents of Hong Kong, Macao and Taiwan (81, 82, 83) and the foreigner's permanent
residence card of both editions pass. Nothing is ever repaired: what a spreadsheet has lost is refused.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from operator import mul
from typing import NamedTuple

from django.utils.translation import gettext as _

from cms.enums import IdType, Sex
from cms.errors import DomainError

MIN_AGE = 16
MAX_AGE = 100
MAX_NAME_LENGTH = 50
DEMO_REGION = "999999"

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"
_EIGHTEEN = frozenset({IdType.CITIZEN_ID, IdType.HMT_PERMIT})

# Full-width forms of ASCII to ASCII; signs that people and keyboards put in the place of X.
_TO_ASCII = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x00D7: "X", 0x0425: "X", 0x0445: "X"}
# Figures of ASCII alone: those of other scripts are digits to Python, and would make one number into several.
_EIGHTEEN_SIGNS = re.compile(r"\d{17}[\dX]", re.ASCII)
_PERMIT = re.compile(r"8[123]0{4}\d{11}[\dX]", re.ASCII)
_OLD_CARD = re.compile(r"[A-Z]{3}\d{12}", re.ASCII)
# New card: 9, province where it was applied for, country. Region 99 is no province: demo numbers.
_NEW_CARD = re.compile(r"9[1-7]\d{15}[\dX]", re.ASCII)
_PASSPORT = re.compile(r"[A-Z]{1,2}\d{7,8}", re.ASCII)
_LOST_DIGITS = re.compile(r"\d(\.\d+)?E\+\d+|\d\.\d+(E\d+)?|\d{16,}\.0+")
_QUOTES = "'‘’`\""
_DASHES = "-‐‑‒–—－"

# Province codes of GB/T 2260; anything else is worth a second look, never a refusal.
_PROVINCES = frozenset(
    {*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71}
)


def normalise_number(text: object) -> str:
    """Return a document number as stored: half width, upper case, without blanks and dashes.

    Raises ``DomainError`` ``number_scientific`` for a number cell or text such as ``1.1E+17``: a
    spreadsheet keeps 15 digits, the last three are lost and must not be guessed.
    """
    if isinstance(text, str):
        if text.isascii() and text.isalnum():
            return text.upper()  # nothing to leave out: the usual case, twenty thousand times a roster
        plain = text.translate(_TO_ASCII).upper()
        kept = "".join(c for c in plain if not _is_blank(c) and c not in _QUOTES)
        if not _LOST_DIGITS.fullmatch(kept):
            return "".join(c for c in kept if c not in _DASHES)
    elif text is None:
        return ""
    raise _lost_digits()


def _is_blank(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in {"Cf", "Cc", "Zs"}


def _lost_digits() -> DomainError:
    return DomainError(
        "number_scientific",
        _("号码被表格当成了数字，后几位已经丢了。请把这一列设为文本，对着证件重新填。"),
        field="number",
    )


def guess_id_type(number: str) -> IdType:
    """Return the kind of document a normalised number looks like; a citizen ID when in doubt."""
    if _PERMIT.fullmatch(number):
        return IdType.HMT_PERMIT
    if _OLD_CARD.fullmatch(number) or _NEW_CARD.fullmatch(number):
        return IdType.FOREIGN_PERMANENT
    if _PASSPORT.fullmatch(number):
        return IdType.PASSPORT
    return IdType.CITIZEN_ID


class NumberFacts(NamedTuple):
    """What a number says of its holder, where it says it: birth date, and sex by the 17th digit (odd: man)."""

    birth_date: dt.date | None
    sex: Sex | None


def check_number(id_type: str, number: str, on: dt.date) -> NumberFacts:
    """Return what a normalised ``number`` says; ``DomainError`` if it cannot be one of ``id_type`` on the day ``on``.

    Codes: ``number_missing``, ``number_length``, ``number_chars``, ``number_type`` (belongs to another
    kind of document), ``number_scientific``, ``number_check_digit``, ``number_birth_date``,
    ``number_future``, ``number_age`` (under 16 or over 100). All name the field ``number``.
    """
    if not number:
        raise _refuse("number_missing", _("请填证件号码。"))
    if id_type == IdType.PASSPORT:
        _check_passport(number)
        return NumberFacts(birth_date_of(number), sex_of(number))
    if id_type == IdType.FOREIGN_PERMANENT and len(number) == 15:
        return _check_old_permanent(number, on)
    return _check_eighteen(id_type, number, on)


def _refuse(code: str, message: str, **details: object) -> DomainError:
    return DomainError(code, message, field="number", **details)


def _check_passport(number: str) -> None:
    if not 5 <= len(number) <= 20:
        raise _refuse("number_length", _("护照号一般是 5 到 20 位，请再数一数。"))
    if not re.fullmatch(r"[A-Z0-9]+", number):
        raise _refuse("number_chars", _("护照号只有字母和数字，请对着护照再看看。"))


def _check_old_permanent(number: str, on: dt.date) -> NumberFacts:
    """The card until 2023: country letters, 4 digits, YYMMDD, 2 digits; its check digit is not published."""
    if not _OLD_CARD.fullmatch(number):
        raise _refuse("number_chars", _("旧版永久居留身份证号是 3 个字母加 12 位数字。"))
    birth = birth_date_of(number)
    _check_birth(birth, on)
    return NumberFacts(birth, None)


def _check_eighteen(id_type: str, number: str, on: dt.date) -> NumberFacts:
    if len(number) != 18:
        raise _refuse("number_length", _length_message(number), length=len(number))
    if not _EIGHTEEN_SIGNS.fullmatch(number):
        raise _refuse("number_chars", _("前 17 位都是数字，最后一位是数字或 X。请对着证件再看看。"))
    looks_like = guess_id_type(number)
    if looks_like != id_type and {looks_like, id_type} & {IdType.HMT_PERMIT, IdType.FOREIGN_PERMANENT}:
        raise _refuse("number_type", _("号码和证件类型对不上，请再看看证件类型。"))
    if number[17] != check_character(number):
        if number.endswith("000"):
            raise _lost_digits()
        raise _refuse("number_check_digit", _("号码里有一位不对，请对着证件再核一遍。"))
    birth = _birth_date(number[6:14])
    _check_birth(birth, on)
    return NumberFacts(birth, _sex_by_digit(number))


def _length_message(number: str) -> str:
    length = len(number)
    if length == 15:
        return _("这是 15 位的旧号码，请填新身份证上的 18 位号码。")
    if length == 17:
        return _("少了一位，请再数一数。您填了 17 位。")
    if length < 18:
        return _("少了 %(missing)s 位，请再数一数。您填了 %(length)s 位。") % {
            "missing": 18 - length,
            "length": length,
        }
    return _("多了 %(extra)s 位，请再数一数。您填了 %(length)s 位。") % {
        "extra": length - 18,
        "length": length,
    }


def _check_birth(birth: dt.date | None, on: dt.date) -> None:
    if birth is None:
        raise _refuse("number_birth_date", _("号码里的出生日期不存在，请对着证件再核一遍。"))
    if birth > on:
        raise _refuse("number_future", _("号码里的出生日期还没有到，请对着证件再核一遍。"))
    age = age_on(birth, on)
    if age < MIN_AGE:
        raise _refuse("number_age", _("不满 %(age)s 周岁，不能登记。") % {"age": MIN_AGE}, age=age)
    if age > MAX_AGE:
        raise _refuse(
            "number_age", _("号码里的年龄超过 %(age)s 岁，请对着证件再核一遍。") % {"age": MAX_AGE}, age=age
        )


def check_character(number: str) -> str:
    """Return the last character that the first 17 digits call for (ISO 7064 MOD 11-2)."""
    total = sum(map(mul, map(int, number[:17]), _WEIGHTS))
    return _CHECK_CHARACTERS[total % 11]


def age_on(birth: dt.date, on: dt.date) -> int:
    """Return full years; who is born on 29 February has the birthday on 1 March in common years."""
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def _birth_date(digits: str) -> dt.date | None:
    try:
        return dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def birth_date_of(number: str) -> dt.date | None:
    """Return the birth date a normalised number carries, or ``None`` (passport, impossible date).

    The old residence card has two digits for the year. It was given until 2023 and its holders here are
    at least 16, so 00 to 10 are of this century.
    """
    if _EIGHTEEN_SIGNS.fullmatch(number):
        return _birth_date(number[6:14])
    if _OLD_CARD.fullmatch(number):
        return _birth_date(("20" if number[7:9] <= "10" else "19") + number[7:13])
    return None


def sex_of(number: str) -> Sex | None:
    """Return what the 17th digit says (odd: man), or ``None`` where the number does not say."""
    if _EIGHTEEN_SIGNS.fullmatch(number):
        return _sex_by_digit(number)
    return None


def _sex_by_digit(number: str) -> Sex:
    return Sex.MALE if number[16] in "13579" else Sex.FEMALE


def region_warning(number: str) -> str:
    """Return a sentence when an 18-digit number begins with no known province, else an empty string."""
    citizen = _EIGHTEEN_SIGNS.fullmatch(number) and guess_id_type(number) == IdType.CITIZEN_ID
    if citizen and int(number[:2]) not in _PROVINCES:
        return _("号码开头的地区代码没有见过，请对着证件看一眼。")
    return ""


def mask_number(number: str) -> str:
    """Return first and last character with stars between; a number of one or two characters is all stars.

    >>> mask_number("99999919730415122X")
    '9****************X'
    """
    if len(number) <= 2:
        return "*" * len(number)
    return f"{number[0]}{'*' * (len(number) - 2)}{number[-1]}"


def demo_number(birth: dt.date, serial: int, sex: str) -> str:
    """Return a number of the impossible region 999999 with a valid check digit; ``serial`` is 0 to 499."""
    if not 0 <= serial <= 499:
        raise ValueError("serial is 0 to 499")
    first = f"{DEMO_REGION}{birth:%Y%m%d}{serial * 2 + (sex == Sex.MALE):03d}"
    return first + check_character(first)


# --- names ---------------------------------------------------------------------------------------


def _known_private() -> dict[int, str]:
    """Map the private code points of old GBK systems to the characters they meant.

    GBK's row FE (50 to A0) lay at U+E815 to U+E864 until Unicode had these characters; GB 18030 says
    which they are. The second list are those that came with Unicode 4.1 and GB 18030-2022.
    """
    table = {}
    trail_bytes = [*range(0x50, 0x7F), *range(0x80, 0xA1)]
    for offset, trail in enumerate(trail_bytes):
        meant = bytes((0xFE, trail)).decode("gb18030")
        if not _is_private(meant):
            table[0xE815 + offset] = meant
    later = {
        0xE816: 0x20087, 0xE817: 0x20089, 0xE818: 0x200CC, 0xE81E: 0x9FB4, 0xE826: 0x9FB5, 0xE82B: 0x9FB6,
        0xE82C: 0x9FB7, 0xE831: 0x215D7, 0xE832: 0x9FB8, 0xE83B: 0x2298F, 0xE843: 0x9FB9, 0xE854: 0x9FBA,
        0xE855: 0x241FE, 0xE864: 0x9FBB,
    }  # fmt: skip
    return table | {code: chr(meant) for code, meant in later.items()}


def _is_private(character: str) -> bool:
    return unicodedata.category(character) == "Co"


_KNOWN_PRIVATE = _known_private()
_DOT = "·"
# Dots that keyboards, old systems and spreadsheets put between the parts of a name; written as U+00B7.
_DOTS = "•‧・･∙⋅．●ꞏ"
_HAN_GAP = re.compile(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])")
_HAN_PERIOD = re.compile(r"(?<=[^\x00-\x7f])\s*[.。]\s*(?=[^\x00-\x7f])")
# Full-width letters, as a Chinese keyboard writes Latin ones; emoji's selectors, which nobody sees in a name.
_LETTERS = {code: code - 0xFEE0 for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_WRITTEN_ELSE: dict[int, int | str | None] = {**_KNOWN_PRIVATE, **_LETTERS, 0xFE0E: None, 0xFE0F: None}
_LATIN_MARKS = frozenset(" -'.’")
# The characters of nearly every name: one code point each, nothing to normalise, nothing to refuse.
_PLAIN_HAN = re.compile(rf"[\u4e00-\u9fa5]{{1,{MAX_NAME_LENGTH}}}")


def normalise_name(text: str) -> str:
    """Return a name as the document writes it: NFC (never NFKC), one kind of dot, narrow letters, no blanks among Han.

    Old private code points become the characters they meant (U+E863 is 䶮); others stay and are refused
    by ``check_name``.
    """
    if _PLAIN_HAN.fullmatch(text):
        return text
    mapped = unicodedata.normalize("NFC", text.translate(_WRITTEN_ELSE))
    spaced = "".join(" " if _is_blank(c) and not _is_format(c) else c for c in mapped if not _is_format(c))
    dotted = "".join(_DOT if c in _DOTS else c for c in spaced)
    dotted = _HAN_PERIOD.sub(_DOT, _HAN_GAP.sub("", dotted))
    return unicodedata.normalize("NFC", re.sub(r"\s+", " ", dotted).strip())


def _is_format(character: str) -> bool:
    return unicodedata.category(character) == "Cf"


def check_name(text: str) -> None:
    """Raise ``DomainError`` if a normalised name cannot stand on a certificate.

    Codes: ``name_missing``, ``name_length`` (over 50), ``name_pua`` (private code points, all named),
    ``name_chars`` (figures, signs; ``=HYPERLINK`` ends here). All name the field ``legal_name``.
    """
    if _PLAIN_HAN.fullmatch(text):
        return
    if not text:
        raise DomainError("name_missing", _("请填姓名，和身份证上一样。"), field="legal_name")
    if len(text) > MAX_NAME_LENGTH:
        message = _("姓名太长了，最多 %(limit)s 个字。") % {"limit": MAX_NAME_LENGTH}
        raise DomainError("name_length", message, field="legal_name")
    private = sorted({f"U+{ord(c):04X}" for c in text if _is_private(c)})
    if private:
        message = _("姓名里有一个字各处显示不一样（%(codes)s），请用手写输入法重新打这个字。") % {
            "codes": "、".join(private)
        }
        raise DomainError("name_pua", message, field="legal_name", code_points=private)
    strange = "".join(dict.fromkeys(c for c in text if not _is_name_character(c)))
    if strange or not any(_is_letter(c) for c in text):
        message = _("姓名里不能有“%(characters)s”，请和身份证上一样填。") % {"characters": strange or text}
        raise DomainError("name_chars", message, field="legal_name", characters=strange)


def _is_name_character(character: str) -> bool:
    return _is_letter(character) or character == _DOT or character in _LATIN_MARKS


def _is_letter(character: str) -> bool:
    # Planes 2 and 3 hold Han only; some of it is newer than the Unicode table of this Python.
    if 0x20000 <= ord(character) <= 0x3FFFD:
        return True
    # 〇 is a letter number; the radicals that old systems put for rare characters are symbols.
    return (
        unicodedata.category(character)[0] in "LM" or character == "〇" or "\u2e80" <= character <= "\u2fd5"
    )
