"""Nouns of subsidies: schemes, claims and batches; payments and recoveries."""

from certificates.subsidies.models.claims import (
    BatchExport,
    Check,
    Claim,
    ClaimBatch,
    ClaimBatchSeries,
    ColumnProfile,
    InsuranceCheck,
    Rate,
    SchemeGroup,
    SubsidyScheme,
)
from certificates.subsidies.models.payments import Payment, Recovery, RecoveryEntry

__all__ = [
    "BatchExport",
    "Check",
    "Claim",
    "ClaimBatch",
    "ClaimBatchSeries",
    "ColumnProfile",
    "InsuranceCheck",
    "Payment",
    "Rate",
    "Recovery",
    "RecoveryEntry",
    "SchemeGroup",
    "SubsidyScheme",
]
