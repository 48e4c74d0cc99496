"""Many issuers at the same moment: one certificate a record, and no gap in the numbers."""

from __future__ import annotations

from typing import Any

import pytest

from certificates.issuing.models import Certificate, NumberSeries
from certificates.issuing.services import numbering
from certificates.issuing.services.issuing import issue_certificate, number_certificate
from cms.enums import FileKind
from cms.models import StoredFile
from tests.certificates.issuing_world import AT, make_world


@pytest.mark.both
def test_one_record_issued_twice_at_once_gives_one_certificate(run_together) -> None:
    world = make_world()
    record = world.record()
    results = run_together(*[lambda: issue_certificate(record, by=world.planner, at=AT)] * 2)
    assert {certificate.number for certificate in results} == {"XH-PX-2026-000001"}
    certificate = Certificate.objects.get()
    assert certificate.state == "issued"
    assert NumberSeries.objects.get().last == 1
    assert StoredFile.objects.get(kind=FileKind.CERTIFICATE).pk == certificate.file_id


def number_at_once(run_together, count: int) -> Any:
    world = make_world()
    records = [world.record() for _ in range(count)]
    return run_together(
        *[
            lambda record=record: number_certificate(record, by=world.planner, at=AT).number
            for record in records
        ]
    )


@pytest.mark.postgresql
def test_twenty_at_once_take_the_numbers_one_to_twenty(run_together) -> None:
    results = number_at_once(run_together, 20)
    assert sorted(results) == [f"XH-PX-2026-{serial:06d}" for serial in range(1, 21)]
    assert NumberSeries.objects.get().last == 20


@pytest.mark.postgresql
def test_without_the_lock_the_race_would_be_seen(run_together, monkeypatch) -> None:
    def unlocked(organisation, kind, year):
        series, _created = NumberSeries.objects.get_or_create(organisation=organisation, kind=kind, year=year)
        series.last += 1
        series.save()
        return numbering.format_number(organisation, kind, year, series.last)

    monkeypatch.setattr("certificates.issuing.services.issuing.take_number", unlocked)
    results = number_at_once(run_together, 20)
    assert len({one for one in results if isinstance(one, str)}) < 20
