"""All nouns of certificates, for Django; each inner package owns its own."""

from certificates.issuing.models import Certificate, CertificateDesign, NumberSeries, Reissue
from certificates.refreshers.models import RefresherRule
from certificates.subsidies.models import (
    BatchExport,
    Check,
    Claim,
    ClaimBatch,
    ClaimBatchSeries,
    ColumnProfile,
    InsuranceCheck,
    Payment,
    Rate,
    Recovery,
    RecoveryEntry,
    SchemeGroup,
    SubsidyScheme,
)

__all__ = [
    "BatchExport",
    "Certificate",
    "CertificateDesign",
    "Check",
    "Claim",
    "ClaimBatch",
    "ClaimBatchSeries",
    "ColumnProfile",
    "InsuranceCheck",
    "NumberSeries",
    "Payment",
    "Rate",
    "Recovery",
    "RecoveryEntry",
    "RefresherRule",
    "Reissue",
    "SchemeGroup",
    "SubsidyScheme",
]
