"""The Celery application; tasks live in each app's ``tasks.py``."""

import gc
import os

from celery import Celery

from cms import file_broker

gc.set_threshold(50_000, 20, 50)  # as manage.py; a job makes rows by the thousand and keeps them to its end
# Django's checks load every address and screen, 25 MiB of each worker; serve, migrate and sync_roles run them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
file_broker.install()
app = Celery("caravan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
