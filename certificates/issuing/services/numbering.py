"""Certificate numbers: ``XH-PX-2026-000417``, without a gap for issuer, kind and year (requirement 22)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from certificates.issuing.models import Certificate, NumberSeries
from cms.errors import DomainError
from cms.models import Organisation
from courses.enums import CertificateKind

# 培训、结业、回炉、学时: the letters stand on paper for ever, so they are no data of a place.
KIND_LETTERS: dict[CertificateKind, str] = {
    CertificateKind.TRAINING: "PX",
    CertificateKind.COMPLETION: "JY",
    CertificateKind.REFRESHER: "HL",
    CertificateKind.HOURS: "XS",
}
LAST_OF_YEAR = 999_999


def format_number(organisation: Organisation, kind: CertificateKind, year: int, serial: int) -> str:
    """Return the number as printed; all numbers of one issuer are equally long."""
    return f"{organisation.short_code}-{KIND_LETTERS[kind]}-{year}-{serial:06d}"


def take_number(organisation: Organisation, kind: CertificateKind, year: int) -> str:
    """Return the next number; the series stays locked until the transaction that uses it ends.

    Call it inside that transaction: a rolled back issue gives its number back. Refusals:
    ``series_exhausted``, ``series_set_back`` (the series was set to a number in use).
    """
    series, _created = NumberSeries.objects.get_or_create(organisation=organisation, kind=kind, year=year)
    series = NumberSeries.objects.select_for_update().get(pk=series.pk)
    series.last += 1
    if series.last > LAST_OF_YEAR:
        raise DomainError(
            "series_exhausted", _("%(year)s年的证书编号用完了，请联系管理员。") % {"year": year}
        )
    number = format_number(organisation, kind, year, series.last)
    if Certificate.objects.filter(number=number).exists():
        raise DomainError(
            "series_set_back",
            _("编号 %(number)s 已经用过，编号序列不对，请联系管理员。") % {"number": number},
        )
    series.save(update_fields=["last"])
    return number
