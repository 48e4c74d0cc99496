"""Issue the certificates of a class from the command line."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from caravan.models import TrainingClass
from certificates.issuing.services.batches import start_issuing
from cms.enums import ItemState, JobState
from cms.errors import DomainError
from cms.jobs import carry_out
from cms.models import Job

LOOK_AGAIN_SECONDS = 1


class Command(BaseCommand):
    """``issue_certificates --class XH-2026-0007``: the same job as the button, worked here."""

    help = "Issue the certificates of a class and print each person's outcome."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the class number."""
        parser.add_argument(
            "--class", dest="class_no", required=True, metavar="NO", help="class number (班号)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Work the job, or wait for the worker that was quicker."""
        training_class = TrainingClass.objects.filter(class_no=options["class_no"]).first()
        if training_class is None:
            raise CommandError(f"No class {options['class_no']}.")
        try:
            job = start_issuing(training_class, by=None, at=timezone.now())
        except DomainError as error:
            raise CommandError(str(error)) from error
        carry_out(str(job.pk))
        job.refresh_from_db()
        while not job.is_finished:
            time.sleep(LOOK_AGAIN_SECONDS)
            carry_out(str(job.pk))  # in case that worker was killed meanwhile
            job.refresh_from_db()
        self._report(job)

    def _report(self, job: Job) -> None:
        for item in job.items.all():
            self.stdout.write(f"{item.label}: {item.message or item.get_state_display()}")
        done = job.items.filter(state=ItemState.DONE).count()
        self.stdout.write(f"{done} of {job.total} issued.")
        if job.state != JobState.DONE:
            raise CommandError(job.message or str(job.get_state_display()))
