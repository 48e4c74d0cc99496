"""Put payable claims into a frozen batch. Two batches never hold the same claim."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from certificates.subsidies.batch_rows import claims_with_facts, rows_of
from certificates.subsidies.models import Claim, ClaimBatch, ClaimBatchSeries, SubsidyScheme
from certificates.subsidies.permissions import can_export
from cms import audit, crypto
from cms.errors import DomainError
from cms.models import User
from cms.scope import in_ranges, territory_of
from cms.snapshots import canonical, new_nonce, snapshot_digest


@transaction.atomic
def build_batch(scheme: SubsidyScheme, region_code: str, *, by: User, at: dt.datetime) -> ClaimBatch:
    """Freeze all payable claims of ``scheme`` in a region; refuses ``batch_empty`` and ``not_allowed``.

    A claim whose certificate was revoked after the decision stays out: it is not paid for. Claims of
    regions that were merged into this one are its claims.

    1. Lock the number series of the region and year: one batch of it is built at a time.
    2. Lock the claims, read their rows, freeze and hash them.
    """
    if not can_export(by, region_code):
        raise DomainError("not_allowed", _("这个地区的批次不归您办理。"))
    year = timezone.localdate(at).year
    ClaimBatchSeries.objects.get_or_create(region_code=region_code, year=year)
    series = ClaimBatchSeries.objects.select_for_update().get(region_code=region_code, year=year)
    inside = in_ranges("region_code", territory_of([region_code], timezone.localdate(at)))
    due = Claim.objects.to_send().filter(inside, scheme=scheme)
    # In one order, or two regions that overlap could wait for each other.
    # Only the claims: PostgreSQL locks no row that an outer join may leave out.
    locked = [claim.pk for claim in due.order_by("pk").select_for_update(of=("self",)).only("pk")]
    if not locked:
        raise DomainError("batch_empty", _("没有待拨付、还没有进批次的申领。"))
    claims = claims_with_facts(Claim.objects.filter(pk__in=locked))
    with translation.override("zh-hans"):  # the office's file is Chinese whatever the clerk reads
        rows = rows_of(claims)
    nonce = new_nonce()
    series.last += 1
    series.save(update_fields=["last"])
    batch = ClaimBatch.objects.create(
        number=f"BT-{short_code(region_code)}-{year}-{series.last:04d}",
        scheme=scheme,
        region_code=region_code,
        row_count=len(rows),
        total_amount=sum((claim.approved_amount or Decimal(0) for claim in claims), Decimal(0)),
        snapshot_token=crypto.encrypt_text(canonical(rows)),
        nonce=nonce,
        snapshot_sha256=snapshot_digest(rows, nonce),
        created_by=by,
        created_at=at,
    )
    Claim.objects.filter(pk__in=locked).update(batch=batch)
    audit.record(
        "batch.build", batch, by=by, at=at,
        rows=batch.row_count, amount=str(batch.total_amount), sha256=batch.snapshot_sha256,
    )  # fmt: skip
    return batch


def short_code(region_code: str) -> str:
    """Return a region's code without the levels below it: a town's numbers are not its county's.

    >>> short_code("990101000000"), short_code("990101002000")
    ('990101', '990101002')
    """
    ends = [end for end in (6, 9, 12) if not region_code[end:].strip("0")]
    return region_code[: ends[0]]


def is_sound(batch: ClaimBatch) -> bool:
    """Say whether the frozen rows are still the ones that were hashed."""
    try:
        frozen_rows(batch)
    except (DomainError, ValueError):
        return False
    return True


def frozen_rows(batch: ClaimBatch) -> list[dict[str, Any]]:
    """Return the rows as frozen; raises ``DomainError`` ``batch_damaged`` if they are not what was hashed."""
    rows: list[dict[str, Any]] = json.loads(crypto.decrypt_text(batch.snapshot_token))
    if snapshot_digest(rows, batch.nonce) != batch.snapshot_sha256:
        raise DomainError("batch_damaged", _("批次内容与登记的校验值不一致，请联系管理员。"))
    return rows
