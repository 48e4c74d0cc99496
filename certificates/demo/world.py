"""The demo world: the story, classes and claims in the other states beside it, and more people on demand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.utils import timezone

from certificates.demo.accounts import give_accounts
from certificates.demo.claims import add_other_claims, claim_and_export
from certificates.demo.class_life import day_at
from certificates.demo.dates import FIRST_DAY
from certificates.demo.elsewhere import add_other_classes
from certificates.demo.register import add_register_work
from certificates.demo.rights import ask_about_data, take_out_tables
from certificates.demo.rosters import leave_rosters_to_look_at, rival_people
from certificates.demo.rounds import add_rounds
from certificates.demo.size import Size
from certificates.demo.stage import set_stage
from certificates.demo.story import (
    Story,
    ask_the_clock,
    enrol_everyone,
    import_roster,
    issue,
    open_at_stop,
    teach_and_close,
    tell_catalogue,
)
from certificates.demo.workers import check_cases, put_in_post
from certificates.refreshers.services.reminding import queue_reminders
from cms.enums import MessageState
from cms.messaging.posting import post_due
from cms.models import Message, Organisation, SiteSettings, User

STEPS: tuple[Callable[[Story], None], ...] = (
    tell_catalogue,
    import_roster,
    put_in_post,
    open_at_stop,
    enrol_everyone,
    teach_and_close,
    issue,
    ask_the_clock,
    claim_and_export,
)


def is_demo() -> bool:
    """Whether a demo world is there, be it whole or not."""
    return bool(SiteSettings.objects.filter(show_demo_banner=True).exists())


def is_whole() -> bool:
    """Whether the demo world that is there was loaded to its end."""
    return bool(SiteSettings.objects.filter(demo_loaded_at__isnull=False).exists())


def note_whole(now: dt.datetime) -> None:
    """Note that nothing of the demo world is missing."""
    SiteSettings.objects.filter(show_demo_banner=True).update(demo_loaded_at=now)


def is_empty() -> bool:
    """Whether nobody has begun to use this database."""
    return not User.objects.exists() and not Organisation.objects.exists()


def new_story(today: dt.date, tell: Callable[[str], None], size: Size) -> Story:
    """Set the stage as it was before anything of the story happened."""
    return Story(set_stage(day_at(today, FIRST_DAY)), today, tell, size)


def load_world(now: dt.datetime, *, tell: Callable[[str], None], size: Size) -> None:
    """Tell the story into an empty database; the same days back from ``now``, so the same world each time."""
    story = new_story(timezone.localdate(now), tell, size)
    for step in STEPS:
        step(story)
        post_told()
    story.rivals = rival_people(story.stage, story.today, size.rival, size.shared)
    add_other_classes(story, now)
    add_other_claims(story)
    leave_rosters_to_look_at(story.stage, story.today)
    check_cases(story)
    give_accounts(story)
    ask_about_data(story)
    take_out_tables(story)
    add_rounds(story)
    add_register_work(story.stage, now)
    queue_reminders(now)
    post_told()


def post_told() -> None:
    """Post what the step told people, each message on its own day, so that inboxes read like the story."""
    queued = Message.objects.filter(state=MessageState.QUEUED)
    for due_at in sorted(set(queued.values_list("due_at", flat=True))):
        while post_due(due_at):
            pass  # a larger world has more than one call posts
