"""Workers in post, one on each side of every boundary of the refresher clock."""

from __future__ import annotations

from decimal import Decimal

from certificates.demo.dates import Spell, WorkerCase, worker_cases
from certificates.demo.rosters import employer_people
from certificates.demo.story import Story
from certificates.refreshers.enums import RefresherState
from certificates.refreshers.reading import person_status
from cms.enums import EmploymentModel
from cms.models import Organisation, Person
from cms.services.person_facts import record_in_post
from courses.enums import Component
from courses.models import CourseVersion
from courses.services.assessments import record_score
from courses.services.components import NewValue
from courses.services.records import close_record, open_record, record_components

# Where a spell was worked: the employer's own county, the one next door, another province.
_ELSEWHERE = {"grace": "990102100000", "no_rule": "980101000000"}
# First days of those who are no case, days before today.
_OTHERS = (30, 200, 639, 640, 641, 729, 730, 731, 760, 900, 1100, 1400)
REFRESHER = "JZ-024"


def put_in_post(story: Story) -> None:
    """The employer's workers: the cases first, the rest spread over four years."""
    story.workers = employer_people(story.stage, story.today, story.size.workers)
    cases = worker_cases(story.today)
    for case, person in zip(cases, story.workers, strict=False):
        _place(story, case, person)
        story.cases[case.key] = person
    others = story.workers[len(cases) :]
    for place, person in enumerate(others):
        spell = Spell(story.day(_OTHERS[place % len(_OTHERS)]))
        _record(story, person, spell, story.stage.employer)
    story.tell(f"   云岭家政在岗 {len(story.workers)} 人，其中 {len(cases)} 人在回炉规定的每一条界线两侧")


def _place(story: Story, case: WorkerCase, person: Person) -> None:
    for place, spell in enumerate(case.spells):
        moved = place > 0 and case.key != "came_back"
        _record(story, person, spell, story.stage.rival if moved else story.stage.employer)
    if case.refreshed_on is not None:
        _refresh(story, case, person)


def _record(story: Story, person: Person, spell: Spell, employer: Organisation) -> None:
    """Known since the roster came; what began or ended since was written down yesterday."""
    late = spell.start > story.day(58) or (spell.end is not None and spell.end > story.day(58))
    record_in_post(
        person, employer, employment_model=EmploymentModel.EMPLOYEE, started_on=spell.start, ended_on=spell.end,
        region_code=_ELSEWHERE.get(spell.place, employer.region_code), by=story.stage.cast["yunling"],
        at=story.at(-1 if late else -58),
    )  # fmt: skip


def _refresh(story: Story, case: WorkerCase, person: Person) -> None:
    """A refresher of years ago, entered late from the paper list."""
    stage, at, evidence = story.stage, story.at(-57), "回炉台账（纸质补录）"
    version = CourseVersion.objects.filter(course__code=REFRESHER).order_by("-number")[0]
    record = open_record(
        person, version, organisation=stage.school, region_code=stage.school.region_code, source="补录",
        started_on=case.refreshed_on, by=stage.cast["jiaowu"], at=at,
    )  # fmt: skip
    hours = {
        Component.THEORY_HOURS: version.theory_hours,
        Component.PRACTICE_HOURS: version.practice_hours,
        Component.COMMUNITY_HOURS: version.community_hours,
    }
    values = [NewValue(record, component, value) for component, value in hours.items() if value]
    record_components(values, evidence=evidence, by=stage.cast["jiaowu"], at=at)
    scores = {
        Component.THEORY_SCORE: version.theory_pass_score,
        Component.PRACTICE_SCORE: version.practice_pass_score,
    }
    for component, passing in scores.items():
        if passing is not None:
            record_score(record, component, Decimal(85), evidence=evidence, by=stage.cast["kaoping"], at=at)
    if case.refreshed_on is not None:
        close_record(record, ended_on=case.refreshed_on, by=stage.cast["jiaowu"], at=at)


def check_cases(story: Story) -> None:
    """Ask the clock: every case must answer as it was made to, or the world contradicts its own rules."""
    for case in worker_cases(story.today):
        answer = person_status(story.cases[case.key], story.today)
        found = answer.state if answer is not None else RefresherState.NOT_COVERED
        if case.state is not None and found != case.state:
            raise RuntimeError(f"{case.key}: {found}, not {case.state}")
