"""The export of certificates."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy
from wagtail.admin.filters import WagtailFilterSet

from certificates.issuing.enums import CertificateState, RevocationReason
from certificates.issuing.models import Certificate
from cms.exporting.columns import Column, Kind, labels
from cms.exporting.declarations import Export, register_exports
from cms.exporting.numbers import number_column
from courses.enums import CertificateKind, SkillLevel


class CertificateFilters(WagtailFilterSet):
    """As the list of certificates filters."""

    class Meta:
        model = Certificate
        fields = ["state", "kind"]


_VERSION = "record__course_version__"

CERTIFICATES = Export(
    slug="certificates",
    title=pgettext_lazy("menu", "证书"),
    model=Certificate,
    permission="certificates.export_certificate",
    lists=("certificate:index",),
    ordering=("-issued_on", "number"),
    filters=CertificateFilters,
    search_fields=("number", "holder_name"),
    sheet="证书",
    columns=(
        Column("certificate_number", "证书编号", "number", width=24),
        Column("kind", "证书类型", width=16, show=labels(CertificateKind.choices)),
        Column("name", "持证人", "holder_name", is_personal=True),
        number_column(),
        Column("course", "培训项目", "course_title", width=28),
        Column("occupation", "职业", f"{_VERSION}occupation__name", width=18),
        Column("work_type", "工种", f"{_VERSION}work_type__name", width=14),
        Column("level", "等级", f"{_VERSION}skill_level", width=14, show=labels(SkillLevel.choices)),
        Column("organisation", "发证机构", "organisation__name", width=26),
        Column("issued_on", "发证日期", kind=Kind.DATE),
        Column("reissued_on", "补发日期", kind=Kind.DATE),
        Column("state", "状态", width=10, show=labels(CertificateState.choices)),
        Column("revoked_at", "撤销时间", kind=Kind.MOMENT, width=17),
        Column("revocation_reason", "撤销原因", width=16, show=labels(RevocationReason.choices)),
    ),
)

register_exports(CERTIFICATES)
