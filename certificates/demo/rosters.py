"""Rosters of the demo world: uploaded, checked and confirmed as an office does it."""

from __future__ import annotations

import datetime as dt

from certificates.demo.class_life import day_at
from certificates.demo.dates import ROSTERS
from certificates.demo.invented import as_csv, invented_line, invented_lines, school_lines, school_roster
from certificates.demo.stage import Stage
from certificates.demo.waiting import wait_for
from cms.enums import ImportState, JobState, RowOutcome
from cms.identity import demo_number
from cms.models import DataImport, Job, Organisation, Person, User
from cms.services.imports import confirm_import, upload_data

# Where in the endless list each organisation's own people begin.
RIVAL_FIRST, WORKERS_FIRST, ROUNDS_FIRST = 0, 1_000, 2_000


def import_people(
    content: bytes, name: str, organisation: Organisation, *, by: User, at: dt.datetime
) -> tuple[list[Person], dict[RowOutcome, int]]:
    """Upload, dry-run, confirm; return the people in the order of the rows, and what the dry run found."""
    upload = upload_data(content, name, organisation, by=by, at=at)
    wait_for(upload.check_job)
    upload = DataImport.objects.get(pk=upload.pk)
    found = {outcome: upload.rows.filter(outcome=outcome).count() for outcome in RowOutcome}
    confirm_import(upload, by=by, at=at + dt.timedelta(minutes=20))
    upload = DataImport.objects.get(pk=upload.pk)
    wait_for(upload.import_job)
    upload = DataImport.objects.get(pk=upload.pk)
    if upload.state != ImportState.IMPORTED:
        raise RuntimeError(f"the roster was not imported: {upload.message}")
    return list(
        Person.objects.filter(import_rows_of__upload=upload).order_by("import_rows_of__number")
    ), found


def school_people(stage: Stage, today: dt.date, rows: int) -> tuple[list[Person], dict[RowOutcome, int]]:
    """Import the school's roster."""
    return import_people(
        school_roster(rows), "学员花名册.xlsx", stage.school, by=stage.cast["jiaowu"], at=day_at(today, ROSTERS)
    )  # fmt: skip


def rival_people(stage: Stage, today: dt.date, own: int, shared: int) -> list[Person]:
    """Import the second provider's roster: its own people and some whom the school knows too."""
    lines = [*invented_lines(RIVAL_FIRST, own), *list(school_lines())[20 : 20 + shared]]
    by = stage.cast["qingshan"]
    people, _found = import_people(
        as_csv(lines), "青山家政学员.csv", stage.rival, by=by, at=day_at(today, ROSTERS + 2)
    )
    return people


def employer_people(stage: Stage, today: dt.date, count: int) -> list[Person]:
    """Import the employer's list of workers."""
    people, _found = import_people(
        as_csv(invented_lines(WORKERS_FIRST, count)), "云岭家政员工名册.csv", stage.employer,
        by=stage.cast["yunling"], at=day_at(today, ROSTERS + 1),
    )  # fmt: skip
    return people


def leave_rosters_to_look_at(stage: Stage, today: dt.date) -> None:
    """One checked with faults and not confirmed, and one that is no roster at all: its job has failed."""
    by = stage.cast["jiaowu"]
    messy = upload_data(
        as_csv(_faulty_lines()), "双桥乡报名表（待核）.csv", stage.school, by=by, at=day_at(today, -2)
    )
    wait_for(messy.check_job)
    for job in Job.objects.filter(kind="import_errors", state=JobState.QUEUED):
        wait_for(job)  # the workbook to correct them in
    notice = "关于举办家政培训班的通知\n各村（社区）：\n请于本周五前报名。\n".encode()
    unreadable = upload_data(notice, "培训通知.csv", stage.school, by=by, at=day_at(today, -1))
    wait_for(unreadable.check_job, ends=JobState.FAILED)


def _faulty_lines() -> list[tuple[str, ...]]:
    """New and known people, somebody whose name differs, and the usual slips of the pen."""
    fresh = invented_lines(ROUNDS_FIRST - 100, 6)
    name, sex, ethnicity, birth, number, *rest = invented_line(ROUNDS_FIRST - 90)
    wrong_digit = number[:-1] + ("0" if number[-1] != "0" else "1")
    known = list(school_lines())[40:43]
    return [
        *fresh,
        known[0],
        (*known[1][:-1], "19900009999"),
        ("王改名", *known[2][1:]),
        (name, sex, ethnicity, birth, wrong_digit, *rest),
        ("刘少一位", sex, ethnicity, birth, number[:-1], *rest),
        ("陈科学", sex, ethnicity, birth, "9.99999E+17", *rest),
        ("何重复", *fresh[0][1:]),
        ("周出生", sex, ethnicity, "1980-02-30", demo_number(dt.date(1980, 2, 28), 7, "female"), *rest),
    ]
