"""The Celery application; tasks live in each app's ``tasks.py``."""

from celery import Celery

from cms import file_broker

file_broker.install()
app = Celery("caravan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
