"""The story from menu to export through the real screens, with a real worker beside them.

``SCREENS=/some/folder`` keeps a picture of every screen.
"""

from __future__ import annotations

import os

import pytest
from django.utils import timezone

from certificates.demo.class_life import day_at
from certificates.demo.dates import FIRST_DAY
from certificates.demo.stage import set_stage
from cms.services.memberships import sync_roles
from tests.journeys.journey import Journey
from tests.journeys.screens import Screens, on
from tests.journeys.steps_to_the_end_of_class import (
    a_find_a_course,
    b_bring_in_the_roster,
    b_give_accounts,
    c_file_it,
    c_open_a_class_at_a_stop,
    d_enrol,
    e_examine_and_close,
    e_teach,
)
from tests.journeys.steps_to_the_export import (
    f_issue,
    f_verify_and_revoke,
    g_ask_the_clock,
    g_batch_and_export,
    g_claim,
)

ON_POSTGRESQL = os.environ.get("DATABASE_URL", "").startswith("postgres")


# On SQLite the quick suite walks the demo world in Chromium and tells the story by command.
BROKER = "redis" if ON_POSTGRESQL else pytest.param("filesystem", marks=pytest.mark.deep)


@pytest.mark.both
@pytest.mark.browser
@pytest.mark.parametrize("broker", [BROKER], indirect=True)
def test_the_story_through_the_screens(worker, open_page) -> None:
    today = timezone.localdate()
    sync_roles()
    stage = set_stage(day_at(today, FIRST_DAY))
    worker()
    story = Journey(Screens(open_page, stage.cast.password), stage, today)
    with story.screens.seen_when_broken():
        tell(story)


def tell(story: Journey) -> None:
    """Everything, each step in the days when it happens."""
    with on(story.day(10), 9):
        a_find_a_course(story)
        b_bring_in_the_roster(story)
        b_give_accounts(story)
    with on(story.day(9), 9):
        c_open_a_class_at_a_stop(story)
        c_file_it(story)
    with on(story.day(8), 10):
        d_enrol(story)
    e_teach(story)
    e_examine_and_close(story)
    f_issue(story)
    f_verify_and_revoke(story)
    g_ask_the_clock(story)
    g_claim(story)
    g_batch_and_export(story)
