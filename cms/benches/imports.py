"""``bench import``: a roster's dry run and confirmation, a plain ``ModelResource`` beside ours.

The plain way is what the library's own import does with one flat table: no encryption, no audit entry, no
register shared by organisations. Each repetition brings other people, so that both ways always create.
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
from pathlib import Path
from typing import Any

import xlsxwriter
from django.conf import settings
from django.db import connection, models
from django.utils import timezone
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.widgets import CharWidget, DateWidget, ForeignKeyWidget
from tablib import Dataset

from cms.benching import REPETITIONS, BenchResult, measure, summary
from cms.crypto import decrypt_text
from cms.demo import load_demo_organisations, load_demo_regions
from cms.enums import ImportState, RowOutcome, Sex
from cms.identity import demo_number
from cms.importing.people import roster_headings
from cms.importing.vocabulary import chinese_labels, education_words, group_words
from cms.jobs import carry_out
from cms.models import DataImport, Organisation, Person, PersonDocument, Region, User
from cms.services.imports import confirm_import, upload_data

SIZE = 20_000
# What the plain table needs besides: 15 columns with the roster's own, two of them foreign keys.
_KEYS = {"机构": "XH", "区划代码": "990101000000"}
_FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
_GIVEN = "秀英桂兰玉梅红霞丽娟春燕小芳素珍淑华月琴"


class PlainPerson(models.Model):
    """The plain way's table: one row a person, as the roster has it."""

    legal_name = models.CharField(max_length=50, db_index=True)
    sex = models.CharField(max_length=10, blank=True)
    ethnicity = models.CharField(max_length=20, blank=True)
    birth_date = models.DateField(null=True)
    number = models.CharField(max_length=20, unique=True)
    education = models.CharField(max_length=30, blank=True)
    address = models.CharField(max_length=200, blank=True)
    groups = models.CharField(max_length=60, blank=True)
    proof_number = models.CharField(max_length=60, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    training_occupation = models.CharField(max_length=60, blank=True)
    training_level = models.CharField(max_length=20, blank=True)
    remark = models.CharField(max_length=200, blank=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+")

    class Meta:
        app_label = "cms"
        db_table = "bench_plain_person"


def _column(name: str, title: str, widget: Any = None) -> Field:
    return Field(attribute=name, column_name=title, widget=widget)


class PlainResource(ModelResource):
    """The plain way: the library's resource over the plain table."""

    organisation = _column("organisation", "机构", ForeignKeyWidget(Organisation, "short_code"))
    region = _column("region", "区划代码", ForeignKeyWidget(Region, "code"))
    birth_date = _column("birth_date", "出生日期", DateWidget("%Y-%m-%d"))

    class Meta:
        model = PlainPerson
        import_id_fields = ("number",)
        fields = (*(heading.field for heading in roster_headings()), "organisation", "region")


for _heading in roster_headings():
    if _heading.field != "birth_date":
        PlainResource.fields[_heading.field] = _column(
            _heading.field, _heading.title, CharWidget(allow_blank=True)
        )


def run(size: int | None) -> BenchResult:
    """Prepare the world, measure both ways on the same files, compare what they made."""
    size = size or SIZE
    load_demo_regions()
    load_demo_organisations()
    User.objects.create(username="bench", is_superuser=True)
    with connection.schema_editor() as editor:
        editor.create_model(PlainPerson)
    paths = [_write_roster(size, nth) for nth in range(REPETITIONS)]
    plain = [measure("cms.benches.imports:plain", str(path)) for path in paths]
    ours = [measure("cms.benches.imports:ours", str(path)) for path in paths]
    figures = summary(plain), summary(ours)
    return BenchResult(
        name="import",
        size=size,
        plain=figures[0],
        ours={**figures[1], "parts": ours[len(ours) // 2].value},
        ratio=round(figures[0]["seconds"] / figures[1]["seconds"], 2),
        checks={"rows_equal": _facts_of_plain() == _facts_of_ours(), "database": connection.vendor},
    )


def plain(path: str) -> int:
    """Import as the library's admin does: dry run, then the same file again."""
    for dry_run in (True, False):
        table = Dataset().load(Path(path).read_bytes(), format="xlsx")
        PlainResource().import_data(table, dry_run=dry_run, raise_errors=True, use_transactions=True)
    return PlainPerson._default_manager.count()


def ours(path: str) -> dict[str, float]:
    """Upload, dry run, confirm and import, by the jobs that the screens start; return seconds by part."""
    marks = [timezone.now()]
    user, school = User.objects.get(username="bench"), Organisation.objects.get(short_code="XH")
    upload = upload_data(Path(path).read_bytes(), Path(path).name, school, by=user, at=marks[0])
    carry_out(str(upload.check_job_id))
    marks.append(timezone.now())
    upload = confirm_import(DataImport.objects.get(pk=upload.pk), by=user, at=marks[-1])
    carry_out(str(upload.import_job_id))
    marks.append(timezone.now())
    upload.refresh_from_db()
    if upload.state != ImportState.IMPORTED or upload.rows.exclude(outcome=RowOutcome.NEW).exists():
        raise RuntimeError(f"the roster was not imported: {upload.message}")
    seconds = [(after - before).total_seconds() for before, after in itertools.pairwise(marks)]
    return dict(zip(("dry_run", "import"), seconds, strict=True))


def _write_roster(size: int, nth: int) -> Path:
    """Write a roster of people whom no other repetition has; the same each time."""
    dice = random.Random(f"roster {nth}")  # noqa: S311  the same roster each time, no secret
    folder = Path(settings.VAR_DIR) / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"roster-{nth}.xlsx"
    educations, groups = list(education_words()), list(group_words())
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("花名册")
        headings = roster_headings()
        sheet.write_row(0, 0, [*(heading.title for heading in headings), *_KEYS])
        for at in range(size):
            row = _row(dice, at, nth, educations, groups)
            sheet.write_row(at + 1, 0, [*(row.get(one.field, "") for one in headings), *_KEYS.values()])
    return path


def _row(dice: random.Random, at: int, nth: int, educations: list[str], groups: list[str]) -> dict[str, str]:
    # 500 numbers a day of birth and sex: the days tell the repetitions apart.
    birth = dt.date(1985, 1, 1) + dt.timedelta(days=(at // 500) * REPETITIONS + nth)
    sexes = {value: label for label, value in chinese_labels(Sex).items()}
    return {
        "legal_name": dice.choice(_FAMILY) + "".join(dice.sample(_GIVEN, 2)),
        "sex": sexes[Sex.FEMALE],
        "ethnicity": "汉族",
        "birth_date": birth.isoformat(),
        "number": demo_number(birth, at % 500, Sex.FEMALE),
        "education": educations[at % len(educations)],
        "address": f"示范省示范市星河县青山乡红旗村{at % 97 + 1}号",
        "groups": groups[at % len(groups)],
        "proof_number": f"ZM{nth}{at:06d}",
        "phone": f"199{at % 100_000_000:08d}",
    }


def _facts_of_plain() -> list[tuple[str, ...]]:
    rows = PlainPerson._default_manager.values_list("number", "legal_name", "birth_date", "address", "phone")
    return sorted(tuple(map(str, row)) for row in rows)


def _facts_of_ours() -> list[tuple[str, ...]]:
    people = Person.objects.in_bulk()
    found = []
    for document in PersonDocument.objects.iterator():
        one = people[document.person_id]
        facts = (decrypt_text(document.number_token), one.legal_name, one.birth_date, one.address, one.phone)
        found.append(tuple(map(str, facts)))
    return sorted(found)
