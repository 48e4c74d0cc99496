"""Values of cells: django-import-export widgets that refuse with a reason instead of guessing."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.translation import gettext as _
from import_export.widgets import Widget

from cms.errors import DomainError
from cms.identity import check_name, normalise_name, normalise_number
from cms.importing.findings import CellError
from cms.importing.vocabulary import (
    ETHNIC_GROUPS,
    education_words,
    group_words,
    sex_words,
    suggest_group,
)
from cms.phones import check_phone, normalise_phone

# ``note(code, message, suggestion)`` from the resource: the value is taken, the reader should know.
Note = Callable[[str, str, str], None]

_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_DATE_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")


# What a spreadsheet shows where a formula failed; nobody means it.
_FAILED = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#FIELD!"}
)
# A spreadsheet keeps 15 digits of a number, zeros stand for the rest.
_EXACT = 10**15
_LOST_DIGITS = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)
# Characters of control, and marks that turn the direction of what stands behind them: nobody sees them,
# other programs obey them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)


def text_of(value: Any) -> str:
    """Return a cell as text: a whole number without its ``.0``, a day without its midnight.

    Raises ``formula``, ``formula_failed`` (``#N/A`` and the like) and ``number_scientific`` (a number of
    more than 15 digits, the last of which are lost).
    """
    if value is None:
        return ""
    text = (value if isinstance(value, str) else _shown(value)).strip()
    if text[:1] == "=" and len(text) > 1:
        raise CellError("formula", _("这一格是公式，请改成写好的文字。"))
    if text[:1] == "#" and text.upper() in _FAILED:
        raise CellError("formula_failed", _("这一格是公式算不出来的结果，请填上该填的内容，或者空着。"))
    return text


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, (int, float)) and abs(value) >= _EXACT:
        raise _lost_digits()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    return str(value)


def _lost_digits() -> CellError:
    text = _("号码被表格当成了数字，后几位已经丢了。请把这一列设为文本，对着证件重新填。")
    return CellError("number_scientific", text)


def _taken(check: Callable[[], Any]) -> Any:
    """Run a rule of the ground; its refusal becomes the cell's."""
    try:
        return check()
    except DomainError as error:
        raise CellError(error.code, str(error)) from error


class TextWidget(Widget):
    """Any text up to ``limit`` characters; kept as people see it, exports make it harmless."""

    takes_notes = True

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def clean(self, value: Any, row: Any = None, note: Note | None = None, **kwargs: Any) -> str:
        """Return the text without characters that nobody sees, which is said."""
        written = text_of(value)
        text = _UNSEEN.sub("", written).strip()
        if note is not None and text != written:
            note("text_normalised", _("去掉了看不见的字符，请对一下。"), text)
        if _LOST_DIGITS.fullmatch(text):
            raise _lost_digits()
        if len(text) > self.limit:
            raise CellError("too_long", _("太长了，最多 %(limit)s 个字。") % {"limit": self.limit})
        return text


class NameWidget(Widget):
    """A name as the document writes it; what was normalised is said."""

    takes_notes = True

    def clean(self, value: Any, row: Any = None, note: Note | None = None, **kwargs: Any) -> str:
        """Return the normalised name."""
        written = text_of(value)
        name = normalise_name(written)
        _taken(lambda: check_name(name))
        if note is not None and name != written:
            note("name_normalised", _("姓名里的空格、间隔点或字形已按规范写法登记，请对一下。"), name)
        return name


class NumberWidget(Widget):
    """A document number; a number cell has lost its last digits and is refused."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        """Return the normalised number; the whole row decides whether it is a right one."""
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = float(value)
        elif isinstance(value, str):
            value = text_of(value)
        number: str = _taken(lambda: normalise_number(value))
        if not number:
            raise CellError("number_missing", _("没有填证件号码。"))
        return number


class PhoneWidget(Widget):
    """A telephone number, or nothing."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        """Return the digits."""
        phone = normalise_phone(text_of(value))
        if phone:
            _taken(lambda: check_phone(phone))
        return phone


class DateWidget(Widget):
    """A calendar day in one of the usual spellings, or a date cell."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> dt.date | None:
        """Return the day; ``date_wrong`` for what is none."""
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        text = "".join(text_of(value).split())
        if not text:
            return None
        found = _DATE.fullmatch(text) or _DATE_DIGITS.fullmatch(text)
        if found is None:
            raise CellError("date_format", _("日期看不懂。"), suggestion=_("写成 1998-02-12 这样"))
        try:
            return dt.date(*(int(part) for part in found.groups()))
        except ValueError as error:
            raise CellError("date_wrong", _("没有这一天。"), suggestion=_("对着证件再看看")) from error


class WordWidget(Widget):
    """One word of a vocabulary, or nothing."""

    def __init__(self, words: Callable[[], dict[str, str]], code: str) -> None:
        super().__init__()
        self.words = words
        self.code = code

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        """Return the value behind the word."""
        text = "".join(text_of(value).split())
        if not text:
            return ""
        known = self.words()
        if text not in known:
            hint = _("可以写：%s") % "、".join(self.choices(known))
            raise CellError(self.code, _("不在可选的词里。"), suggestion=hint)
        return known[text]

    def choices(self, known: dict[str, str]) -> Iterable[str]:
        """Return the words that a refusal offers."""
        return known


class GroupsWidget(Widget):
    """One or more person categories, separated by 、 or a comma."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> tuple[str, ...]:
        """Return the categories without repetition."""
        words = [word for word in re.split(r"[、，,;；/]", "".join(text_of(value).split())) if word]
        known = group_words()
        for word in words:
            if word not in known:
                better = suggest_group(word)
                hint = _("改成：%s") % better if better else _("可以写：%s") % "、".join(known)
                raise CellError("group_unknown", _("人员类别不在可选的词里。"), suggestion=hint)
        return tuple(dict.fromkeys(known[word] for word in words))


class EthnicityWidget(Widget):
    """One of the 56, with or without 族."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        """Return the full word."""
        text = "".join(text_of(value).split())
        if not text:
            return ""
        full = text if text.endswith("族") else f"{text}族"
        if full not in ETHNIC_GROUPS:
            raise CellError("ethnicity_unknown", _("没有见过这个民族名称，请对着证件再看看。"))
        return full


sex_widget = WordWidget(sex_words, "sex_unknown")
education_widget = WordWidget(education_words, "education_unknown")
