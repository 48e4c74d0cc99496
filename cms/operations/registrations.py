"""What the ground itself contributes: figures, and the signals of worker and scheduler."""

from __future__ import annotations

from cms.operations import (
    ground_checks,  # noqa: F401  registered by import
    heartbeats,  # noqa: F401  Celery's signals
    metrics,
    outlying,  # noqa: F401  registered by import
    safety_checks,  # noqa: F401  registered by import
)

for _name, _source in (
    ("build", metrics.build_figures),
    ("jobs", metrics.job_figures),
    ("heartbeats", metrics.heartbeat_figures),
    ("storage", metrics.storage_figures),
):
    metrics.metric_sources.register(_name, _source)
