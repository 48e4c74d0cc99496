"""Celery entry points of the ground; each calls one function."""

from __future__ import annotations

from celery import shared_task
from django.db import transaction
from django.utils import timezone


@shared_task(name="cms.tasks.carry_out_job")
def carry_out_job(job_id: str) -> None:
    """Work a job, or do nothing if it is over or in other hands."""
    from cms.jobs import carry_out

    carry_out(job_id)


def deliver_code(code_id: str, sealed: str, by_mail: bool, language: str) -> None:
    """Have the worker send a code after the commit; ``sealed`` is encrypted, the broker learns nothing.

    A code that is lost with its message is asked for again: there is no sweep.
    """
    transaction.on_commit(
        lambda: send_code.delay_on_commit(code_id, sealed, by_mail, language),  # type: ignore[attr-defined]  # Celery's Django task has it
        robust=True,
    )


@shared_task(name="cms.tasks.send_code", ignore_result=True)
def send_code(code_id: str, sealed: str, by_mail: bool, language: str) -> None:
    """Hand a code over to the gateway or the mail server."""
    from cms.services.codes import deliver

    deliver(code_id, sealed, by_mail=by_mail, language=language, at=timezone.now())


@shared_task(name="cms.tasks.forget_sign_ins")
def forget_sign_ins() -> None:
    """Drop codes and sessions whose time is over."""
    from cms.services.codes import forget_codes
    from cms.services.sessions import forget_sessions

    forget_codes(timezone.now())
    forget_sessions(timezone.now())


@shared_task(name="cms.tasks.expire_files")
def expire_files() -> int:
    """Remove the bytes of private files whose time is over."""
    from cms.services.files import expire_files

    return expire_files(timezone.now())


@shared_task(name="cms.tasks.erase_people")
def erase_people() -> int:
    """Carry out the deletions whose day has come."""
    from cms.services.erasing import erase_due

    return erase_due(timezone.now())


@shared_task(name="cms.tasks.forget_links")
def forget_links() -> int:
    """Remove links to private files that ended long ago."""
    from cms.services.file_links import forget_links

    return forget_links(timezone.now())


@shared_task(name="cms.tasks.discard_strays")
def discard_strays() -> int:
    """Remove private files that a killed process attached to nothing, and those it was just making."""
    from cms.exporting.scratch import discard_scratch
    from cms.services.files import discard_strays

    return discard_scratch() + discard_strays(timezone.now())


@shared_task(name="cms.tasks.discard_nameless_bytes")
def discard_nameless_bytes() -> int:
    """Remove bytes in the private store that no row names."""
    from cms.services.files import discard_nameless_bytes

    return discard_nameless_bytes(timezone.now())


@shared_task(name="cms.tasks.sweep_jobs")
def sweep_jobs() -> None:
    """Wake a worker for every job whose message or worker was lost."""
    from cms.jobs import jobs_to_wake, wake

    for job in jobs_to_wake(timezone.now()):
        wake(job)


@shared_task(name="cms.tasks.sweep_job_items")
def sweep_job_items() -> int:
    """Clear away what jobs that ended long ago said about each item."""
    from cms.jobs import sweep_items

    return sweep_items(timezone.now())


@shared_task(name="cms.tasks.deliver_messages")
def deliver_messages() -> int:
    """Post and send the messages that are due."""
    from cms.messaging.sending import deliver_due

    return deliver_due(timezone.now())


@shared_task(name="cms.tasks.seal_audit")
def seal_audit(everything: bool = False) -> int:
    """Seal what was committed to the audit log; twice at once makes one chain."""
    from cms.services.sealing import seal_entries

    return seal_entries(timezone.now(), everything=everything)


@shared_task(name="cms.tasks.note_round_trip")
def note_round_trip() -> None:
    """Note that a message of the scheduler reached a worker."""
    from cms.operations.heartbeats import note_round_trip

    note_round_trip(timezone.now())
