"""What courses tells the apps above: sent after the commit, with primary keys only.

A receiver only enqueues; a sweep of the receiving app finds what a lost signal left undone.
"""

from __future__ import annotations

from django.dispatch import Signal

# Sent with ``record_id`` once a training record met its rule and that is committed.
record_completed = Signal()
