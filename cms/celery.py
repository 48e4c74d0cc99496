"""The Celery application; tasks live in each app's ``tasks.py``."""

import gc

from celery import Celery

from cms import file_broker

gc.set_threshold(50_000, 20, 50)  # as manage.py; a job makes rows by the thousand and keeps them to its end
file_broker.install()
app = Celery("caravan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
