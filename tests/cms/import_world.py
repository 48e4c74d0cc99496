"""What the tests of imports share: a school with its planner, files, and the way from upload to import."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from django.utils import timezone
from openpyxl import Workbook

from cms.demo import load_demo_organisations, load_demo_regions
from cms.importing.findings import Finding, unseal
from cms.jobs import carry_out
from cms.models import DataImport, Job, Organisation, User
from cms.roles import Role
from cms.services.imports import confirm_import, upload_data
from cms.services.memberships import grant_role, sync_roles

DATA = Path(__file__).resolve().parents[1] / "data"
NOW = timezone.now()


def make_school() -> Organisation:
    load_demo_regions()
    sync_roles()
    return load_demo_organisations()["XH"]


def user_with(role: Role, organisation: Organisation, name: str) -> User:
    user = User.objects.create(username=name)
    grant_role(user, role, organisation, by=None, at=NOW)
    return User.objects.get(pk=user.pk)


def csv_of(*rows: list[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def xlsx_of(*rows: list[Any]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    return saved(book)


def saved(book: Any) -> bytes:
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def work_errors(upload: DataImport) -> DataImport:
    """Carry out the jobs that write error workbooks, as a worker would."""
    for job in Job.objects.filter(kind="import_errors", state="queued", subject_id=str(upload.pk)):
        carry_out(str(job.pk))
    return DataImport.objects.select_related("errors_file", "organisation").get(pk=upload.pk)


def checked(
    content: bytes, organisation: Organisation | None, user: User, name: str = "名单.xlsx", **options: Any
) -> DataImport:
    upload = upload_data(content, name, organisation, by=user, at=NOW, **options)
    carry_out(str(upload.check_job_id))
    return work_errors(upload)


def imported(upload: DataImport, user: User, **options: Any) -> DataImport:
    upload = confirm_import(upload, by=user, at=NOW, **options)
    carry_out(str(upload.import_job_id))
    return work_errors(upload)


def findings_of(upload: DataImport, number: int) -> list[Finding]:
    return unseal(upload.rows.get(number=number).errors_token)
