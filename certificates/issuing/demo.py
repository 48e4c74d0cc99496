"""What every installation needs of issuing: the shipped designs."""

from __future__ import annotations

from django.utils.translation import override

from certificates.issuing.models import CertificateDesign
from courses.enums import CertificateKind

CLASSIC = "classic-a4"


def load_designs() -> int:
    """Make the classic design current for each kind that has none; return how many were added."""
    added = 0
    for kind in CertificateKind:
        if CertificateDesign.objects.filter(kind=kind, is_current=True).exists():
            continue
        with override("zh-hans"):
            name = f"经典 A4 横版（{kind.label}）"
        CertificateDesign.objects.create(name=name, template=CLASSIC, kind=kind)
        added += 1
    return added
