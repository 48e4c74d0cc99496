"""Background work: rows are the truth, whatever happens to messages and workers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cms.enums import ItemState, JobState
from cms.errors import DomainError
from cms.jobs import (
    ItemOutcome,
    JobKind,
    Queue,
    cancel_job,
    carry_out,
    job_kinds,
    jobs_to_wake,
    resume_job,
    retry_items,
    running,
    start_job,
    sweep_items,
    time_left,
)
from cms.models import AuditEntry, Job, JobItem, Organisation, User
from cms.queues import broker_queues

pytestmark = pytest.mark.both
NOW = timezone.now()


class Works:
    """A job kind whose work the test decides; ``done`` counts what was worked, item by item."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.count = 5
        self.on_item: Any = lambda key: None
        self.closed: list[str] = []
        self.on_reopen: Any = lambda job: None

    def kind(self, name: str, **options: Any) -> JobKind:
        return JobKind(
            name,
            plan=lambda job: [(str(n), f"item {n}") for n in range(1, self.count + 1)],
            do_items=self.do_items,
            finish=lambda job: self.closed.append("finished"),
            fail=lambda job: self.closed.append("failed"),
            reopen=lambda job: self.on_reopen(job),
            **options,
        )

    def do_items(self, job: Job, keys: list[str]) -> list[ItemOutcome]:
        for key in keys:
            self.on_item(key)
            # A row beside the mark: it shows whether work and mark were committed together.
            Organisation.objects.create(name=f"made {key}", short_code=f"J{key}", region_code="9" * 12)
            self.done.append(key)
        return [ItemOutcome() for _ in keys]


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch) -> Iterator[Works]:
    works = Works()
    items = dict(job_kinds._items)
    monkeypatch.setattr(job_kinds, "_items", items)
    job_kinds.register("test", works.kind("test"))
    job_kinds.register("test_chunks", works.kind("test_chunks", chunk=5))
    job_kinds.register("test_outside", works.kind("test_outside", in_transaction=False))
    yield works


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create(username="planner")


def start(user: User, kind: str = "test") -> Job:
    return start_job(kind, title="Work", by=user, at=NOW)


def states(job: Job) -> dict[str, str]:
    return dict(job.items.values_list("key", "state"))


def made() -> set[str]:
    return set(Organisation.objects.filter(name__startswith="made").values_list("name", flat=True))


def lapse(job: Job) -> None:
    """Let the lease run out, as time does when the worker is gone."""
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - dt.timedelta(seconds=1))


class Killed(BaseException):
    """What ``kill -9`` leaves behind: no handler of ours runs."""


def test_it_works(works: Works, user: User) -> None:
    job = start(user)
    carry_out(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.total, job.runs, works.closed) == (JobState.DONE, 5, 1, ["finished"])
    assert set(states(job).values()) == {ItemState.DONE}
    assert job.lease_token is None and job.finished_at is not None
    assert AuditEntry.objects.filter(action="job.start", object_id=str(job.pk)).count() == 1


def test_an_unknown_kind_is_refused_at_the_start(user: User) -> None:
    with pytest.raises(KeyError):
        start_job("nobody_registered_this", title="", by=user, at=NOW)


def test_a_job_of_another_version_says_so(works: Works, user: User) -> None:
    job = start(user)
    Job.objects.filter(pk=job.pk).update(kind="of_tomorrow")
    carry_out(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.FAILED and job.message


def test_a_killed_worker_loses_nothing_and_repeats_only_the_item_in_hand(works: Works, user: User) -> None:
    def die_at_third(key: str) -> None:
        if key == "3":
            raise Killed

    works.on_item = die_at_third
    job = start(user)
    with pytest.raises(Killed):
        carry_out(str(job.pk))
    assert works.done == ["1", "2"] and made() == {"made 1", "made 2"}

    carry_out(str(job.pk))  # redelivered while the lease holds: nothing happens
    assert works.done == ["1", "2"]

    lapse(job)
    works.on_item = lambda key: None
    assert jobs_to_wake(timezone.now()) == [job]
    carry_out(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.runs) == (JobState.DONE, 2)
    assert works.done == ["1", "2", "3", "4", "5"]
    assert job.items.get(key="3").attempts == 2


def test_work_and_mark_commit_together(works: Works, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    job = start(user)

    def die(*args: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(running, "_mark", die)
        carry_out(str(job.pk))
    assert works.done == ["1"] and made() == set()  # worked, but neither committed nor marked


def test_an_item_that_kills_its_worker_is_set_aside_after_three_tries(works: Works, user: User) -> None:
    def die_at_third(key: str) -> None:
        if key == "3":
            raise Killed

    works.on_item = die_at_third
    job = start(user, "test_chunks")
    for _ in range(3):
        with pytest.raises(Killed):
            carry_out(str(job.pk))
        lapse(job)
    carry_out(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.DONE
    # The chunk died as a whole; the neighbours of the poisoned item were then worked alone.
    assert states(job) == {"1": "done", "2": "done", "3": "set_aside", "4": "done", "5": "done"}
    poisoned = job.items.get(key="3")
    assert (poisoned.code, poisoned.attempts) == ("worker_lost", 3) and "3 次" in poisoned.message
    assert made() == {"made 1", "made 2", "made 4", "made 5"}
    assert job.figures == {"done": 4, "set_aside": 1}


@pytest.mark.parametrize("kind", ["test", "test_chunks", "test_outside"])
def test_a_refusal_does_not_touch_the_neighbours(works: Works, user: User, kind: str) -> None:
    def refuse_second(key: str) -> None:
        if key == "2":
            raise DomainError("too_young", "Not yet sixteen.")

    works.on_item = refuse_second
    job = start(user, kind)
    carry_out(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.DONE
    assert states(job) == {"1": "done", "2": "refused", "3": "done", "4": "done", "5": "done"}
    refused = job.items.get(key="2")
    assert (refused.code, refused.message) == ("too_young", "Not yet sixteen.")
    assert made() == {"made 1", "made 3", "made 4", "made 5"}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads a small table whole")
@pytest.mark.parametrize("kind", ["test", "test_chunks"])
def test_an_item_is_marked_without_a_look_at_all_others(works: Works, user: User, kind: str) -> None:
    """There may be fifty thousand, each refused in words of its own."""
    job = start(user, kind)
    with CaptureQueriesContext(connection) as asked:
        carry_out(str(job.pk))
    marks = [one["sql"] for one in asked if one["sql"].startswith('UPDATE "cms_jobitem"')]
    assert marks
    with connection.cursor() as cursor:
        for mark in marks:
            cursor.execute(f"EXPLAIN QUERY PLAN {mark}")
            assert "position>" in str(cursor.fetchall()), mark


def test_a_fault_of_ours_sets_one_item_aside(works: Works, user: User) -> None:
    def break_second(key: str) -> None:
        if key == "2":
            raise ZeroDivisionError

    works.on_item = break_second
    job = start(user)
    carry_out(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.DONE
    broken = job.items.get(key="2")
    assert (broken.state, broken.code, broken.attempts) == (ItemState.SET_ASIDE, "fault", 3)
    assert "ZeroDivisionError" in broken.message
    assert len(made()) == 4


def test_work_that_always_breaks_fails_the_job_and_can_go_on_later(works: Works, user: User) -> None:
    works.count = 30

    def always(key: str) -> None:
        raise ZeroDivisionError

    works.on_item = always
    job = start(user)
    carry_out(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.FAILED and works.closed == ["failed"]
    assert job.items.filter(state=ItemState.PENDING).count() > 20

    works.on_item = lambda key: None
    resume_job(job, by=user, at=NOW)
    carry_out(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.DONE and not job.items.filter(state=ItemState.PENDING).exists()
    with pytest.raises(DomainError) as refusal:
        resume_job(job, by=user, at=NOW)
    assert refusal.value.code == "job_not_failed"


def test_trouble_of_the_machine_burns_no_tries(works: Works, user: User) -> None:
    def no_database(key: str) -> None:
        if key == "2":
            raise OperationalError("server closed the connection")

    works.on_item = no_database
    job = start(user)
    for _ in range(5):
        carry_out(str(job.pk))
        lapse(job)
    job.refresh_from_db()
    assert job.state == JobState.RUNNING and job.items.get(key="2").attempts == 0
    works.on_item = lambda key: None
    carry_out(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.DONE and len(made()) == 5


def test_a_cancelled_job_stops_after_the_item_in_hand(works: Works, user: User) -> None:
    job = start(user)

    def cancel_at_third(key: str) -> None:
        if key == "3":
            cancel_job(job, by=user, at=NOW)

    works.on_item = cancel_at_third
    carry_out(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED and works.closed == ["failed"]
    assert works.done == ["1", "2", "3"]
    carry_out(str(job.pk))  # a late message
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED and works.done == ["1", "2", "3"]
    with pytest.raises(DomainError) as refusal:
        cancel_job(job, by=user, at=NOW)
    assert refusal.value.code == "job_finished"


def test_a_worker_that_lost_its_lease_marks_nothing(works: Works, user: User) -> None:
    job = start(user, "test_outside")

    def taken_over(key: str) -> None:
        Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, lease_token=None)

    works.on_item = taken_over
    carry_out(str(job.pk))
    assert set(states(job).values()) == {ItemState.PENDING}


def test_a_job_of_nothing_is_done_at_once(works: Works, user: User) -> None:
    works.count = 0
    job = start(user)
    carry_out(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.total) == (JobState.DONE, 0)


def test_a_long_job_is_handed_back_without_counting_as_interrupted(
    works: Works, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "SLICE", dt.timedelta(0))
    job = start(user)
    for _ in range(7):
        carry_out(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.runs) == (JobState.DONE, 1)
    assert works.done == ["1", "2", "3", "4", "5"]


def test_the_sweep_asks_once_not_at_every_tick(works: Works, user: User) -> None:
    job = start(user)
    created = job.created_at
    assert jobs_to_wake(created + dt.timedelta(seconds=5)) == []  # its first message is on the way
    assert jobs_to_wake(created + dt.timedelta(seconds=11)) == [job]
    assert jobs_to_wake(created + dt.timedelta(seconds=16)) == []
    assert jobs_to_wake(created + dt.timedelta(seconds=60)) == [job]
    carry_out(str(job.pk))
    assert jobs_to_wake(created + dt.timedelta(days=1)) == []


def test_a_job_interrupted_for_ever_ends(works: Works, user: User) -> None:
    job = start(user)
    Job.objects.filter(pk=job.pk).update(runs=running.MAX_RUNS)
    carry_out(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.FAILED and works.done == []


def test_messages_are_in_the_language_of_who_started_it(works: Works, user: User) -> None:
    from django.utils import translation

    seen = []
    works.on_item = lambda key: seen.append(translation.get_language())
    with translation.override("en"):
        job = start(user)
    carry_out(str(job.pk))
    assert set(seen) == {"en"}


def test_what_was_set_aside_is_tried_again(works: Works, user: User) -> None:
    def break_two(key: str) -> None:
        if key in {"2", "4"}:
            raise ZeroDivisionError

    works.on_item = break_two
    job = start(user)
    carry_out(str(job.pk))
    aside = job.items.filter(state=ItemState.SET_ASIDE)
    assert set(aside.values_list("key", flat=True)) == {"2", "4"}

    works.on_item = lambda key: None
    retry_items(job, aside.filter(key="2"), by=user, at=NOW)
    job.refresh_from_db()
    assert (job.state, job.finished_at) == (JobState.QUEUED, None)
    carry_out(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.figures) == (JobState.DONE, {"done": 4, "set_aside": 1})
    assert sorted(works.done) == ["1", "2", "3", "5"] and works.closed == ["finished", "finished"]
    entry = AuditEntry.objects.get(action="job.retry", object_id=str(job.pk))
    assert entry.actor_id == user.pk and entry.data == {"count": 1, "positions": [2]}


def test_only_what_was_set_aside_of_a_job_that_is_done_is_tried_again(works: Works, user: User) -> None:
    def spoil(key: str) -> None:
        if key == "2":
            raise ZeroDivisionError

    works.on_item = spoil
    job = start(user)
    with pytest.raises(DomainError) as early:
        retry_items(job, [], by=user, at=NOW)
    carry_out(str(job.pk))
    with pytest.raises(DomainError) as done_already:
        retry_items(job, job.items.filter(key="1"), by=user, at=NOW)
    other = start(user)
    carry_out(str(other.pk))
    with pytest.raises(DomainError) as of_another_job:
        retry_items(job, other.items.filter(key="2"), by=user, at=NOW)

    def refuse(job: Job) -> None:
        raise DomainError("moved_on", "Too late.")

    works.on_reopen = refuse
    with pytest.raises(DomainError) as too_late:
        retry_items(job, job.items.all(), by=user, at=NOW)
    codes = [one.value.code for one in (early, done_already, of_another_job, too_late)]
    assert codes == ["job_not_done", "nothing_set_aside", "nothing_set_aside", "moved_on"]
    assert job.items.get(key="2").state == ItemState.SET_ASIDE


def test_a_cancelled_job_goes_on_where_it_stopped(works: Works, user: User) -> None:
    job = start(user)

    def cancel_at_third(key: str) -> None:
        if key == "3":
            cancel_job(job, by=user, at=NOW)

    works.on_item = cancel_at_third
    carry_out(str(job.pk))
    works.on_item = lambda key: None
    resume_job(job, by=user, at=NOW)
    carry_out(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.figures) == (JobState.DONE, {"done": 5})
    assert works.done == ["1", "2", "3", "4", "5"]


def test_a_chunk_worked_while_the_job_was_cancelled_counts_as_done(works: Works, user: User) -> None:
    job = start(user, "test_outside")

    def cancel_at_second(key: str) -> None:
        if key == "2":
            cancel_job(job, by=user, at=NOW)

    works.on_item = cancel_at_second
    carry_out(str(job.pk))
    job.refresh_from_db()
    # Its work was outside a transaction and is there: the page must not say that it was cancelled.
    assert made() == {"made 1", "made 2"}
    assert (job.state, job.figures) == (JobState.CANCELLED, {"done": 2, "pending": 3})


def test_a_long_job_gives_way_to_one_that_waits(
    works: Works, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "GIVE_WAY", dt.timedelta(0))
    alone = start(user)
    carry_out(str(alone.pk))
    assert works.done == ["1", "2", "3", "4", "5"]  # nobody waited
    Organisation.objects.filter(name__startswith="made").delete()
    works.done.clear()
    long, short = start(user), start(user)
    carry_out(str(long.pk))
    long.refresh_from_db()
    assert (long.state, works.done) == (JobState.QUEUED, ["1"])
    cancel_job(short, by=user, at=NOW)
    carry_out(str(long.pk))
    long.refresh_from_db()
    assert (long.state, long.runs) == (JobState.DONE, 1)


def test_jobs_with_an_item_on_its_last_try_are_woken_one_by_one(works: Works, user: User) -> None:
    suspects = [start(user), start(user)]
    plain = start(user)
    for job in suspects:
        JobItem.objects.create(job=job, position=1, key="1", attempts=running.MAX_ATTEMPTS - 1)
    later = plain.created_at + dt.timedelta(minutes=1)
    assert jobs_to_wake(later) == [suspects[0], plain]
    Job.objects.filter(pk=suspects[0].pk).update(
        state=JobState.RUNNING, lease_until=later + dt.timedelta(seconds=30)
    )
    assert (
        jobs_to_wake(later) == []
    )  # the first is at work: were it to kill its worker, the second would suffer
    Job.objects.filter(pk=suspects[0].pk).update(state=JobState.DONE)
    assert jobs_to_wake(later) == [suspects[1]]


def test_old_items_go_and_the_figures_stay(works: Works, user: User, settings: Any) -> None:
    settings.JOB_ITEMS_KEEP_DAYS = 30
    works.on_item = lambda key: None
    old, new, open_still = start(user), start(user, "test_chunks"), start(user)
    carry_out(str(old.pk))
    Organisation.objects.filter(name__startswith="made").delete()
    carry_out(str(new.pk))
    day = timezone.now() + dt.timedelta(days=31)
    Job.objects.filter(pk=new.pk).update(finished_at=day - dt.timedelta(days=29))
    assert [sweep_items(day), sweep_items(day)] == [1, 0]
    old.refresh_from_db()
    assert (old.items.count(), new.items.count(), old.figures) == (0, 5, {"done": 5})
    assert old.items_swept_at == day and Job.objects.filter(pk=open_still.pk).exists()

    Job.objects.filter(pk=old.pk).update(state=JobState.CANCELLED)
    with pytest.raises(DomainError) as refusal:  # its plan would begin anew and do everything twice
        resume_job(old, by=user, at=NOW)
    assert refusal.value.code == "job_items_swept"


def test_the_time_left_follows_the_pace_of_the_last_items(user: User, works: Works) -> None:
    job = start(user)
    now = timezone.now()
    assert time_left(job, 10, now) is None
    # An hour without a worker lies before the last sixty seconds, in which fifty items were done.
    moments = [now - dt.timedelta(hours=1)] * 3 + [now - dt.timedelta(seconds=60 - n) for n in range(50)]
    JobItem.objects.bulk_create(
        JobItem(job=job, position=n, key=str(n), state=ItemState.DONE, tried_at=moment)
        for n, moment in enumerate(moments, start=1)
    )
    left = time_left(job, 100, now)
    assert left is not None and dt.timedelta(seconds=110) < left < dt.timedelta(seconds=130)
    assert time_left(job, 0, now) is None


def test_a_broker_that_is_down_does_not_fail_the_request(
    works: Works, user: User, monkeypatch: pytest.MonkeyPatch, on_commit: Any
) -> None:
    from cms import tasks

    def down(*args: Any, **options: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(tasks.carry_out_job, "apply_async_on_commit", down)
    with on_commit():
        job = start(user)
    assert Job.objects.filter(pk=job.pk, state=JobState.QUEUED).exists()


def test_a_message_goes_into_the_queue_of_its_kind(
    works: Works, user: User, monkeypatch: pytest.MonkeyPatch, on_commit: Any, settings: Any
) -> None:
    from cms import tasks

    sent: list[str] = []
    monkeypatch.setattr(tasks.carry_out_job, "apply_async", lambda args, queue: sent.append(queue))
    job_kinds.register("test_export", works.kind("test_export", queue=Queue.EXPORTS))
    with on_commit():
        start_job("test", title="Work", by=user, at=timezone.now())
        job = start(user, "test_export")
    Job.objects.filter(pk=job.pk).update(created_at=NOW - dt.timedelta(hours=1))
    with on_commit():
        tasks.sweep_jobs()
    prefix = settings.CELERY_TASK_DEFAULT_QUEUE
    assert sent == [prefix, f"{prefix}-exports", f"{prefix}-exports"]


def test_every_queue_is_declared_and_of_one_type() -> None:
    names = {queue.name for queue in broker_queues("xh", "classic")}
    assert names == {"xh", "xh-enrol", "xh-documents", "xh-imports", "xh-exports", "xh-notify"}
    types = {(queue.queue_arguments or {}).get("x-queue-type") for queue in broker_queues("xh", "quorum")}
    assert types == {"quorum"}
    with pytest.raises(ValueError, match="CELERY_QUEUE_TYPE"):
        broker_queues("xh", "mirrored")


def test_two_messages_at_once_are_worked_once(works: Works, run_together: Any) -> None:
    user = User.objects.create(username="planner")
    with transaction.atomic():
        job = start(user)
    results = run_together(*[lambda: carry_out(str(job.pk))] * 4)
    assert results == [None] * 4
    job.refresh_from_db()
    assert (job.state, job.runs) == (JobState.DONE, 1)
    assert sorted(works.done) == ["1", "2", "3", "4", "5"]
