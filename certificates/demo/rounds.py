"""More of the same for larger worlds: each round another roster, class, certificates and workers."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from caravan.enums import VenueType
from caravan.models import TrainerProfile, Venue
from caravan.services.resources import save_trainer, save_venue
from certificates.demo.cast import Part, add_part
from certificates.demo.class_life import ClassPlan, fill_class, finish, teach
from certificates.demo.dates import FIRST_DAY, ROSTERS, ClassDays
from certificates.demo.invented import as_csv, invented_lines
from certificates.demo.rosters import ROUNDS_FIRST, import_people
from certificates.demo.size import ROUND
from certificates.demo.story import Story
from certificates.demo.waiting import wait_for
from certificates.issuing.services.batches import start_issuing
from cms.enums import EmploymentModel
from cms.models import Person
from cms.roles import Role
from cms.services.person_facts import record_in_post

VENUE = "县家政实训中心"
# A trainer and room hold a class every third day of the months before today.
_CLASSES_A_TRAINER = 25
_EVERY = 3
_SEATS = 30
_WORKERS = 40


def add_rounds(story: Story) -> None:
    """Add the people beyond the county's usual number, a round at a time; the memory holds one round."""
    rounds = story.size.rounds
    if not rounds:
        return
    rows = -(-len(rounds) // _CLASSES_A_TRAINER)
    venue = _open_venue(story, rows)
    for number in range(rows):
        _engage(story, number)
    for number, people in enumerate(rounds):
        _add_round(story, venue, number, people)
        story.tell(f"   又添 {people} 人（第 {number + 1} 批）")


def _open_venue(story: Story, rooms: int) -> Venue:
    venue = Venue(
        organisation=story.stage.school, name=VENUE, venue_type=VenueType.PUBLIC_BASE, address="城关镇实训路 9 号",
        region_code=story.stage.school.region_code, is_shared=True,
    )  # fmt: skip
    named = tuple((f"{number + 1} 号实训室", 40) for number in range(rooms))
    return save_venue(venue, named, by=story.stage.cast["admin"], at=story.at(FIRST_DAY))


def _engage(story: Story, number: int) -> None:
    """Hire another trainer, with an account like the others'."""
    part = Part(_trainer(number), f"王建{'英华平东明文'[number]}", Role.TRAINER, "XH", "技师")
    user = add_part(story.stage.cast, part, story.stage.school, story.stage.county, story.at(FIRST_DAY))
    profile = TrainerProfile(organisation=story.stage.school, user=user, name=part.name, title=part.title)
    save_trainer(profile, by=story.stage.cast["admin"], at=story.at(FIRST_DAY))


def _trainer(number: int) -> str:
    return f"jiangshi{number + 3}"


def _add_round(story: Story, venue: Venue, number: int, count: int) -> None:
    row, place = divmod(number, _CLASSES_A_TRAINER)
    people, _found = import_people(
        as_csv(invented_lines(ROUNDS_FIRST + number * ROUND, count)), f"学员花名册（第 {number + 1} 批）.csv",
        story.stage.school, by=story.crew.planner, at=story.at(ROSTERS),
    )  # fmt: skip
    _employ(story, people[_SEATS : _SEATS + _WORKERS])
    plan = ClassPlan(
        f"居家安全与急救班（第 {number + 1} 批）", "TC-03", ("JZ-003",), venue,
        ClassDays(-86, -83 + _EVERY * place, 2), _SEATS, trainer=_trainer(row), room=f"{row + 1} 号实训室",
    )  # fmt: skip
    opened = fill_class(story.stage, plan, story.today, story.crew, people[:_SEATS])
    teach(opened, absent_no=(4,), seed=number)
    finish(opened, story.crew, at=story.at(plan.days.closed))
    wait_for(start_issuing(opened, by=story.crew.planner, at=story.at(plan.days.closed + 2)))


@transaction.atomic
def _employ(story: Story, people: list[Person]) -> None:
    employer = story.stage.employer
    for place, person in enumerate(people):
        record_in_post(
            person, employer, employment_model=EmploymentModel.AGENCY,
            started_on=story.today - dt.timedelta(days=60 + place * 35), ended_on=None,
            region_code=employer.region_code, by=story.stage.cast["yunling"], at=story.at(-58),
        )  # fmt: skip
