"""The ground: settings, people, organisations, regions, roles and scope, audit, jobs and files."""

from cms.celery import app as celery_app

__all__ = ["celery_app"]
