"""One import on screen: preview with the wrong rows first, confirmation, result."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.http.response import HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cms.access import get_visible_or_404
from cms.backoffice.viewsets import ScopedInspectView
from cms.enums import IdType, ImportState, RowOutcome
from cms.errors import DomainError
from cms.identity import guess_id_type, mask_number, normalise_number
from cms.importing.findings import Finding, unseal
from cms.importing.kinds import ImportKind, import_kinds
from cms.models import DataImport, ImportRow
from cms.services.imports import confirm_import
from cms.ui.states import register_state_colours

ROWS_PER_PAGE = 50

register_state_colours(
    ImportState,
    {
        ImportState.CHECKING: "info",
        ImportState.CHECKED: "warn",
        ImportState.UNREADABLE: "bad",
        ImportState.IMPORTING: "info",
        ImportState.IMPORTED: "good",
    },
)
register_state_colours(
    RowOutcome,
    {
        RowOutcome.NEW: "good",
        RowOutcome.SAME: "neutral",
        RowOutcome.DIFFERS: "warn",
        RowOutcome.REFUSED: "bad",
    },
)


# As many digits as a citizen ID of any age has; blanks and dashes may stand between them.
_LONG_NUMBER = re.compile(r"(?<![0-9.])[0-9](?:[ -]?[0-9]){13,}(?:[ -]?[0-9Xx])?(?![0-9.])")


def _is_number(value: str) -> bool:
    """Say whether a cell of numbers may hold somebody's; ``1.1E+17`` and half a number are nobody's."""
    if sum(ch.isdigit() for ch in value) >= 15:
        return "." not in value
    try:
        return guess_id_type(normalise_number(value)) != IdType.CITIZEN_ID
    except DomainError:
        return False


@dataclass(frozen=True)
class ShownFinding:
    """A finding as the preview shows it: document numbers masked."""

    finding: Finding

    @property
    def value(self) -> str:
        """Return what stood in the cell; a number only by its ends, also one that slipped into another column."""
        value = self.finding.value.strip()
        if self.finding.field == "number" and _is_number(value):
            return mask_number(value)
        return _LONG_NUMBER.sub(lambda found: mask_number(found.group()), value)


@dataclass(frozen=True)
class ShownRow:
    """A row of the preview with its findings."""

    row: ImportRow
    findings: list[ShownFinding]


class ImportInspectView(ScopedInspectView):
    """Preview before the confirmation, result after it."""

    template_name = "cms/imports/detail.html"

    def get_fields(self) -> list[str]:
        """The template shows what matters."""
        return []

    def get_page_title(self) -> str:
        """Return the file's name."""
        return str(self.object)

    def get_page_subtitle(self) -> str:
        """The file's name says it all."""
        return ""

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Return home, the list and this file."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("imports:index"), "label": _("导入")},
            {"url": "", "label": str(self.object)},
        ]

    def get_object(self, *args: Any, **kwargs: Any) -> Any:
        """Return the visible upload with what the page shows of it."""
        upload = super().get_object(*args, **kwargs)
        related = DataImport.objects.select_related(
            "file", "organisation", "created_by", "import_job", "errors_file", "corrects__file"
        )
        return related.get(pk=upload.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return figures per outcome, and a page of rows: those that need somebody first."""
        upload: DataImport = self.object
        kind = import_kinds.get(upload.kind)
        wanted = self.request.GET.get("outcome", "")
        figures = outcome_figures(upload)
        total = sum(figures.values())
        importable = sum(count for outcome, count in figures.items() if outcome in kind.writes)
        refused = figures[RowOutcome.REFUSED]
        # Where no outcome is asked for every row is shown: its number is known already.
        rows = Paginator(rows_to_show(upload, wanted), ROWS_PER_PAGE)
        page = rows.get_page(self.request.GET.get("p"))
        may = self.request.user.has_perm(kind.permission)
        held = kind.whole and refused > 0
        return {
            **super().get_context_data(**kwargs),
            "upload": upload,
            "kind": kind,
            "figures": [(RowOutcome(outcome), figures[outcome]) for outcome in RowOutcome],
            "total": total,
            "importable": importable,
            "refused": refused,
            "new": figures[RowOutcome.NEW],
            "known": figures[RowOutcome.SAME] + figures[RowOutcome.DIFFERS],
            "changed": figures[RowOutcome.DIFFERS],
            "wanted": wanted,
            "page": page,
            "rows": [shown_row(row) for row in page],
            "imported": upload.rows.filter(imported_at__isnull=False).count(),
            "errors_file": upload.errors_file if upload.errors_file and upload.errors_file.content else None,
            "errors_coming": refused > 0 and upload.errors_file is None and not is_open(upload),
            "corrections": visible_corrections(upload, self.request.user),
            "may_upload": may,
            "held": held,
            "can_confirm": upload.state == ImportState.CHECKED and importable > 0 and may and not held,
        }


def is_open(upload: DataImport) -> bool:
    """Say whether the file is being worked on."""
    return upload.state in {ImportState.CHECKING, ImportState.IMPORTING}


def visible_corrections(upload: DataImport, user: Any) -> list[DataImport]:
    """Return the later uploads that brought refused rows of this one again."""
    rows = DataImport.objects.visible_to(user).filter(corrects=upload).select_related("file")
    return list(rows.order_by("created_at")[:20])


def outcome_figures(upload: DataImport) -> dict[str, int]:
    """Return how many rows have each outcome, none left out."""
    counted = dict(upload.rows.order_by().values_list("outcome").annotate(count=Count("pk")))
    return {outcome: counted.get(outcome, 0) for outcome in RowOutcome}


def rows_to_show(upload: DataImport, wanted: str) -> QuerySet[ImportRow]:
    """Return the rows with the asked outcome (or with remarks: ``noted``), those to look at first."""
    rows = upload.rows.annotate(
        urgency=Case(
            When(outcome=RowOutcome.REFUSED, then=Value(0)),
            When(outcome=RowOutcome.DIFFERS, then=Value(1)),
            When(~Q(errors_token=""), then=Value(2)),
            default=Value(3),
            output_field=IntegerField(),
        )
    ).order_by("urgency", "number")
    if wanted in RowOutcome.values:
        return rows.filter(outcome=wanted)
    return rows.exclude(errors_token="") if wanted == "noted" else rows


def shown_row(row: ImportRow) -> ShownRow:
    """Return the row with its findings decrypted."""
    return ShownRow(row, [ShownFinding(one) for one in unseal(row.errors_token)])


def _kind_for(request: HttpRequest, upload: DataImport) -> ImportKind:
    kind = import_kinds.get(upload.kind)
    if not request.user.has_perm(kind.permission):
        raise PermissionDenied
    return kind


@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponseRedirect:
    """Start the import of what the preview showed."""
    user: Any = request.user
    upload = get_visible_or_404(DataImport.objects.all(), user, pk=pk)
    _kind_for(request, upload)
    document = request.POST.get("document", "")[:120]
    try:
        upload = confirm_import(upload, by=user, at=timezone.now(), document=document)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("imports:inspect", pk)
    return redirect("caravan_job", upload.import_job_id)
