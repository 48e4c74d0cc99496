"""Subsidy claims: schemes as data, assessment with reasons, claims, batches, exports."""
