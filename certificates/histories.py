"""What belongs to a claim's and a batch's history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from certificates.subsidies.models import Claim, ClaimBatch, InsuranceCheck
from cms.backoffice.history import HistorySubject, history_subjects


def _of_claim(claim: Claim) -> Mapping[str, Iterable[Any]]:
    checks = InsuranceCheck.objects.filter(person=claim.person_id)
    return {"certificates.insurancecheck": checks.values_list("pk", flat=True)}


def _of_batch(batch: ClaimBatch) -> Mapping[str, Iterable[Any]]:
    return {"certificates.batchexport": batch.exports.values_list("pk", flat=True)}


history_subjects.register("certificates.claim", HistorySubject(_of_claim))
history_subjects.register("certificates.claimbatch", HistorySubject(_of_batch))
