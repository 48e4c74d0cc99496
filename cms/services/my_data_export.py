"""One's own data as a file: JSON for programs and a page for people, in one ZIP."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cms import audit, crypto
from cms.enums import FileKind
from cms.errors import DomainError
from cms.models import Person, StoredFile, User
from cms.my_data import DataItem, DataSection, Fact, sections_of
from cms.services.file_links import file_doors, make_link
from cms.services.files import store_file

FORMAT = "caravan-my-data/1"


def export_my_data(person: Person, *, in_clear: bool, password: str = "", by: User, at: dt.datetime) -> str:
    """Store the ZIP for ``by`` alone and return the address of a private link that ends by itself.

    ``in_clear`` puts whole document numbers and the birth date in and asks for the password of ``by``.
    Raises ``DomainError`` ``password_old``. Small enough to be made at once: a job would be longer in coming.
    """
    if in_clear and not by.check_password(password):
        raise DomainError("password_old", _("密码不对，请再看看。"), field="password")
    sections = sections_of(person)
    if in_clear:
        sections = [("numbers", _numbers(person)), *sections]
    content = _zip(person, sections, at)
    file = store_file(
        content,
        kind=FileKind.MY_DATA,
        name=_("我的数据-%(day)s.zip") % {"day": timezone.localdate(at).isoformat()},
        content_type="application/zip",
        by=by,
        at=at,
    )
    with transaction.atomic():
        audit.record(
            "person.export", person, by=by, at=at, for_person=person, in_clear=in_clear, file=str(file.pk)
        )
        return reverse("site:file", args=[make_link(file, for_user=by, at=at)])


def _numbers(person: Person) -> DataSection:
    facts = [
        Fact("document", row.get_id_type_display(), crypto.decrypt_text(row.number_token))
        for row in person.documents.filter(superseded_at__isnull=True).exclude(number_token="")
    ]
    facts.append(Fact("birth_date", _("出生日期"), person.birth_date))
    return DataSection(
        _("完整的号码"), _("您输了密码才写在这里，请收好这个文件。"), [DataItem(person.legal_name, facts)]
    )


def _zip(person: Person, sections: list[tuple[str, DataSection]], at: dt.datetime) -> bytes:
    written = {
        "format": FORMAT,
        "made_at": at.isoformat(),
        "sections": {name: [_row(item) for item in section.items] for name, section in sections},
    }
    page = render_to_string(
        "cms/me/export.html",
        {
            "person": person,
            "sections": [section for _name, section in sections],
            "at": at,
            "language": get_language(),
        },
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", json.dumps(written, ensure_ascii=False, indent=2, default=_plain))
        archive.writestr("my-data.html", page)
    return stream.getvalue()


def _row(item: DataItem) -> dict[str, Any]:
    row: dict[str, Any] = {"title": item.title}
    for fact in item.facts:
        if fact.value in (None, ""):
            continue
        # Two former names, two documents: a list.
        kept = row.get(fact.key)
        row[fact.key] = (
            fact.value if kept is None else [*(kept if isinstance(kept, list) else [kept]), fact.value]
        )
    return row


def _plain(value: Any) -> Any:
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    if isinstance(value, (Decimal, Promise)):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in an export")


def may_have(user: User, file: StoredFile) -> bool:
    """Only who asked for it may have the file; not even an administrator."""
    return file.created_by_id == user.pk


file_doors.register(FileKind.MY_DATA, may_have)
