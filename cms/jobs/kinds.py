"""What an app says about a kind of job."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.functional import Promise

from cms.enums import ItemState
from cms.models import Job
from cms.queues import Queue
from cms.registry import Registry


class ItemOutcome(NamedTuple):
    """How one item went; ``message`` is shown to the person who started the job."""

    state: ItemState = ItemState.DONE
    code: str = ""
    message: str = ""


@dataclass(frozen=True)
class JobLink:
    """Where the job's page sends the reader on to."""

    label: str
    url: str


@dataclass(frozen=True)
class JobKind:
    """A kind of job.

    ``plan`` returns (key, label) of each item and must give the same keys when asked again; it runs
    outside a transaction.
    ``do_items`` works a chunk of keys and returns one outcome a key. Inside the transaction that also
    marks the items (``in_transaction``, the default) work and mark commit together; without it a killed
    worker's chunk is worked again, so the work must be idempotent either way. A ``DomainError`` out of
    it is a refusal: of that item, or of nothing yet when the chunk has several, for then each is tried
    alone. Any other error is a fault of ours: the item is tried again and set aside after three tries.
    ``prepare`` runs before it for the same keys and outside a transaction: reading files, rendering.
    ``finish`` runs after the last item, in the transaction that closes the job; ``fail`` likewise when
    the job failed or was cancelled. A job that goes on (``resume_job``, ``retry_items``) ends once more.
    ``reopen`` runs in the transaction that lets an ended job go on: it takes back what ``finish`` or
    ``fail`` said, or refuses with a ``DomainError``.
    ``lease_factor`` lengthens the lease of a chunk that takes more than a few seconds.
    ``link`` says where the reader goes when the job is over.
    ``queue`` is where its messages wait; ``label`` names the kind in lists.
    """

    name: str
    plan: Callable[[Job], Iterable[tuple[str, str]]]
    do_items: Callable[[Job, list[str]], list[ItemOutcome]]
    prepare: Callable[[Job, list[str]], None] | None = None
    finish: Callable[[Job], None] | None = None
    fail: Callable[[Job], None] | None = None
    reopen: Callable[[Job], None] | None = None
    link: Callable[[Job], JobLink | None] | None = None
    chunk: int = 1
    in_transaction: bool = True
    lease_factor: int = 1
    queue: Queue = Queue.GENERAL
    label: str | Promise = ""


job_kinds: Registry[JobKind] = Registry("job_kinds")


def kind_label(name: str) -> str:
    """Return what readers call a kind, or its name where nobody gave it words."""
    return str(job_kinds.get(name).label or name) if name in job_kinds else name


def queue_of(name: str) -> Queue:
    """Return where a kind's messages wait; a kind of another version waits in the general queue."""
    return job_kinds.get(name).queue if name in job_kinds else Queue.GENERAL
