"""What kind of file came in, judged by its content: refuse early and say what to do instead."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from enum import Enum
from typing import IO
from xml.etree.ElementTree import ParseError

from django.conf import settings
from django.utils.translation import gettext as _

from cms.errors import DomainError

# A workbook of 50 000 rows unpacks to about 80 MB; what claims more is a bomb or no roster.
MAX_UNPACKED_BYTES = 200 * 1024 * 1024
MAX_PARTS = 2_000
# Texts that repeat are stored once; they are all held in memory while a workbook is read.
MAX_SHARED_TEXT = 64 * 1024 * 1024
MAX_SHARED_TEXTS = 1_000_000  # twenty in each of 50 000 rows, all different
# A cell holds 32 767 characters at most, so so many bytes without a tag are no cell of a roster.
_STRETCH = 256 * 1024
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_XML = (".xml", ".rels", ".vml")
_DOCTYPE = b"<!DOCTYPE"
# The names of a kind of workbook that Excel offers when saving and the library does not know.
_STRICT = b"purl.oclc.org/ooxml/spreadsheetml/main"
_DECLARED = re.compile(rb"""(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"'>]*)["']""")
_UTF8 = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})


# What a workbook whose parts do not fit together makes zipfile, zlib, openpyxl and its XML parser raise.
BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    OSError,
    EOFError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    ParseError,
    zipfile.BadZipFile,
    zlib.error,
)


class FileFormat(Enum):
    """The two kinds of table file."""

    XLSX = "xlsx"
    CSV = "csv"


def detect_format(content: bytes) -> FileFormat:
    """Return the format, or refuse with ``file_empty``, ``file_too_large``, ``file_type``, ``file_macros``,
    ``file_old_excel``, ``file_strict``, ``cell_too_large`` or ``file_damaged``. The name's ending is not
    asked: it proves nothing.
    """
    if not content.strip():
        raise _refusal("file_empty", _("文件是空的，请检查后重新上传。"))
    limit = settings.UPLOAD_LIMIT_BYTES
    if len(content) > limit:
        text = _("文件超过 %(limit)s MB，请拆成几份上传。") % {"limit": limit // (1024 * 1024)}
        raise _refusal("file_too_large", text)
    if content.startswith(b"PK\x03\x04"):
        _check_workbook(content)
        return FileFormat.XLSX
    if content.startswith(_OLD_OFFICE):
        raise _refusal(
            "file_old_excel", _("这是旧版 .xls 或加了密码的文件，请去掉密码，另存为 .xlsx 再上传。")
        )
    if b"\x00" in content and not content.startswith(_UTF16):
        raise _wrong_type()
    if content.lstrip()[:5] in {b"%PDF-", b"<?xml", b"<html", b"{\\rtf"}:
        raise _wrong_type()
    return FileFormat.CSV


def _check_workbook(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            _check_parts(parts)
            for part in parts:
                if is_xml(part.filename):
                    with archive.open(part) as stream:
                        _check_xml(stream)
            with archive.open("xl/workbook.xml") as stream:
                is_strict = _STRICT in stream.read(_STRETCH)
            if is_strict:
                raise _refusal("file_strict", _("这是“严格的 Open XML”工作簿，请另存为普通的 .xlsx 再上传。"))
    except BROKEN as error:
        raise _damaged() from error


def is_xml(part: str) -> bool:
    """Say whether a part is looked at as XML, by its name; a reader must take no other for XML."""
    return part.lower().endswith(_XML)


def _check_xml(stream: IO[bytes]) -> None:
    """Refuse what would grow without end, or fill the memory with one cell, before a parser sees it."""
    before = b""
    while stretch := stream.read(_STRETCH):
        # An XML entity can grow without end; no office program writes a document type, or another encoding
        # to hide one.
        if not before and not _is_utf8(stretch):
            raise _damaged()
        if _DOCTYPE in before[-len(_DOCTYPE) :] + stretch:
            raise _damaged()
        if b"<" not in stretch and len(stretch) == _STRETCH:
            raise _refusal("cell_too_large", _("有一格里的字太多，不像花名册，请检查后再上传。"))
        before = stretch


def _is_utf8(beginning: bytes) -> bool:
    """Say whether an XML part is in the encoding of every office program, by its first bytes."""
    declared = _DECLARED.match(beginning)
    return b"\x00" not in beginning[:4] and (declared is None or declared[1].lower() in _UTF8)


def _check_parts(parts: list[zipfile.ZipInfo]) -> None:
    names = {part.filename for part in parts}
    if "xl/workbook.xml" not in names:
        raise _wrong_type()
    if any("vbaproject" in name.lower() or "macrosheets" in name.lower() for name in names):
        raise _refusal("file_macros", _("文件里有宏，不能上传。请另存为不带宏的 .xlsx。"))
    if any("sharedstrings" in part.filename.lower() and part.file_size > MAX_SHARED_TEXT for part in parts):
        raise _too_large()
    # zipfile never reads more of a part than its header claims, so the claimed sizes bound the work.
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise _too_large()


def _too_large() -> DomainError:
    return _refusal("file_too_large", _("文件解开以后太大，不像花名册，请重新导出再上传。"))


def _wrong_type() -> DomainError:
    return _refusal("file_type", _("只收 .xlsx 或 .csv 文件，请另存后再上传。"))


def _damaged() -> DomainError:
    return _refusal("file_damaged", _("文件打不开，可能已损坏，请重新导出再上传。"))


def _refusal(code: str, message: str) -> DomainError:
    return DomainError(code, message, field="document")
