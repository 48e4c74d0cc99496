"""All Celery tasks of certificates, for Celery's discovery; each inner package owns its own."""

from certificates.issuing.tasks import sweep_certificates
from certificates.refreshers.tasks import queue_reminders
from certificates.subsidies.tasks import end_due_notices

__all__ = ["end_due_notices", "queue_reminders", "sweep_certificates"]
