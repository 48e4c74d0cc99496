"""Work at the register: a double to look at, one already merged, a correction that waits, health and education."""

from __future__ import annotations

import datetime as dt

from certificates.demo.stage import Stage
from cms.enums import AffiliationKind, Education, HealthCheckClass
from cms.models import Organisation, Person
from cms.services.affiliations import affiliate
from cms.services.corrections import correct_person
from cms.services.education import record_education
from cms.services.health import record_health_certificate
from cms.services.merging import merge_people
from cms.services.people import create_undocumented_person

_SHOWN = 3


def add_register_work(stage: Stage, at: dt.datetime) -> None:
    """Let the people of the school's roster show what a register has to deal with, at the moment ``at``."""
    school, planner = stage.school, stage.cast["jiaowu"]
    known = Person.objects.filter(affiliations__organisation=school, documents__isnull=False).order_by("-pk")
    first, second, third = known.distinct()[:_SHOWN]  # the end of the roster is in no class
    _walk_in(first, school, at)
    merge_people(
        second, _walk_in(second, school, at), choices={}, reason="本人带身份证来窗口，两份是同一个人",
        by=stage.cast["jigou"], at=at,
    )  # fmt: skip
    affiliate(
        third, stage.rival, AffiliationKind.ROSTER, region_code=stage.rival.region_code, source="窗口登记",
        by=stage.cast["qingshan"], at=at,
    )  # fmt: skip
    correct_person(
        third, organisation=stage.rival, legal_name=f"{third.legal_name[0]}晓{third.legal_name[-1]}",
        reason="本人带新户口本来改名", by=stage.cast["qingshan"], at=at,
    )  # fmt: skip
    day = at.date()
    for person, months in ((first, 2), (second, 13)):
        issued = day - dt.timedelta(days=30 * months)
        record_health_certificate(
            person, school, check_class=HealthCheckClass.MOTHER_BABY, issued_on=issued, has_passed=True,
            valid_until=issued + dt.timedelta(days=364), region_code=school.region_code, by=planner, at=at,
        )  # fmt: skip
    record_education(
        first, school, education=Education.SECONDARY_VOCATIONAL, major="护理", finished_on=dt.date(2008, 7, 1),
        by=planner, at=at,
    )  # fmt: skip


def _walk_in(person: Person, school: Organisation, at: dt.datetime) -> Person:
    """Somebody of the same name who came without a card: who they are, nobody has checked yet."""
    double = create_undocumented_person(
        legal_name=person.legal_name, sex=person.sex, birth_date=person.birth_date
    )
    affiliate(
        double,
        school,
        AffiliationKind.ENROLMENT,
        region_code=school.region_code,
        source="窗口报名，没有带证件",
        at=at,
    )
    return double
