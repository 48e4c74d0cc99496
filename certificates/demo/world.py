"""The demo world: the story, and classes in the other states beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.utils import timezone

from certificates.demo.class_life import moment
from certificates.demo.elsewhere import add_other_classes
from certificates.demo.register import add_register_work
from certificates.demo.rights import ask_about_data
from certificates.demo.stage import set_stage
from certificates.demo.story import STEPS, Story
from certificates.refreshers.services.reminding import queue_reminders
from cms.enums import MessageState
from cms.messaging.posting import post_due
from cms.models import Message, Organisation, SiteSettings, User


def is_demo() -> bool:
    """Whether the demo world is loaded."""
    return bool(SiteSettings.objects.filter(show_demo_banner=True).exists())


def is_empty() -> bool:
    """Whether nobody has begun to use this database."""
    return not User.objects.exists() and not Organisation.objects.exists()


def stage_day(today: dt.date) -> dt.datetime:
    """Return the moment before anything of the story happens."""
    return moment(today - dt.timedelta(days=90))


def load_world(now: dt.datetime, *, tell: Callable[[str], None]) -> None:
    """Tell the story into an empty database; the same days back from ``now``, so the same world each time."""
    today = timezone.localdate(now)
    story = Story(set_stage(stage_day(today)), today, tell)
    for step in STEPS:
        step(story)
        post_told()
    ask_about_data(story)
    add_other_classes(story)
    add_register_work(story.stage, now)
    queue_reminders(now)
    post_told()


def post_told() -> None:
    """Post what the step told people, each message on its own day, so that inboxes read like the story."""
    queued = Message.objects.filter(state=MessageState.QUEUED)
    for due_at in sorted(set(queued.values_list("due_at", flat=True))):
        post_due(due_at)
