"""Export a batch once by a column profile; hand the same bytes out again ever after."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from certificates.subsidies.enums import BatchState
from certificates.subsidies.models import BatchExport, ClaimBatch, ColumnProfile
from certificates.subsidies.permissions import can_export
from certificates.subsidies.services.batches import frozen_rows
from certificates.subsidies.workbook import write_workbook
from cms import audit
from cms.enums import FileKind
from cms.errors import DomainError
from cms.models import StoredFile, User
from cms.regional import rule_for
from cms.scope import succession_rows
from cms.services.exports import check_reason
from cms.services.file_links import make_link
from cms.services.files import discard_file, read_file, store_file

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def profile_for(slug: str, region_code: str, on: dt.date) -> ColumnProfile:
    """Return the profile ``slug`` that holds for a region on a day; refuses ``profile_missing``."""
    profile = rule_for(ColumnProfile.objects.filter(slug=slug), region_code, on, succession_rows())
    if profile is None:
        raise DomainError("profile_missing", _("当地没有这个导出表式，请先维护表式。"), field="profile")
    return profile


def export_batch(
    batch: ClaimBatch, profile: ColumnProfile, *, reason: str, by: User | None, at: dt.datetime
) -> BatchExport:
    """Return the export of ``batch`` by ``profile``, made at the first call; every call is logged with its reason.

    ``by`` is None for the operator's command. Refuses ``not_allowed``, ``batch_damaged`` and as ``check_reason``
    does.
    """
    if by is not None and not can_export(by, batch.region_code):
        raise DomainError("not_allowed", _("这个批次不归您办理。"))
    check_reason(reason)
    export = batch.exports.filter(profile=profile).select_related("file").first() or _make(
        batch, profile, reason=reason, by=by, at=at
    )
    with transaction.atomic():
        audit.record(
            "batch.export", batch, by=by, at=at,
            profile=profile.slug, reason=reason.strip()[:120], rows=batch.row_count, sha256=export.file.sha256,
        )  # fmt: skip
    return export


def _make(
    batch: ClaimBatch, profile: ColumnProfile, *, reason: str, by: User | None, at: dt.datetime
) -> BatchExport:
    # Chinese like the rest of the file, whatever the clerk reads.
    mark = f"{by or '系统'} {timezone.localtime(at):%Y-%m-%d %H:%M} 导出，批次 {batch.number}"
    content = write_workbook(profile.name, profile.columns, frozen_rows(batch), timezone.localtime(at), mark)
    file = store_file(
        content,
        kind=FileKind.BATCH_EXPORT,
        name=f"{profile.name}-{batch.number}.xlsx",
        content_type=XLSX,
        by=by,
        at=at,
    )
    try:
        with transaction.atomic():
            export = BatchExport.objects.create(
                batch=batch, profile=profile, file=file, reason=reason.strip()[:120], created_at=at
            )
            ClaimBatch.objects.filter(pk=batch.pk).update(state=BatchState.EXPORTED)
            audit.record("batch.file", batch, by=by, at=at, profile=profile.slug, sha256=file.sha256)
            return export
    except IntegrityError:  # somebody else was first: theirs is the file
        discard_file(file)
        return batch.exports.select_related("file").get(profile=profile)


def link_to(export: BatchExport, *, by: User, at: dt.datetime) -> str:
    """Return the address of a new link for ``by``; ``export_batch`` has put the reason on record."""
    return reverse("site:file", args=[make_link(export.file, for_user=by, at=at)])


def may_have(user: User, file: StoredFile) -> bool:
    """Say whether a link to an export still serves ``user``: while the batch's region is theirs."""
    export = BatchExport.objects.select_related("batch").filter(file=file).first()
    return export is not None and can_export(user, export.batch.region_code)


def export_bytes(export: BatchExport) -> bytes:
    """Return the stored bytes, checked against their hash."""
    return read_file(export.file)
