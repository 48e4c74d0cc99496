"""Where each person of a class stands: credited hours, scores, what is still outstanding. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext as _

from caravan.enums import COUNTED_KINDS, SessionState
from caravan.models import AttendanceMark, ClassCourse, Enrolment, Session, TrainingClass
from caravan.records import records_of
from cms.ui import dates
from courses.completion import Outstanding, facts_of, outstanding
from courses.enums import SCORES, Component, HourKind
from courses.models import RecordComponent, TrainingRecord

_NO_SCORE = frozenset({"theory_missing", "practice_missing"})


@dataclass(frozen=True)
class CourseStanding:
    """One person in one course: what stands on the record, with the hours of the roll."""

    class_course: ClassCourse
    record: TrainingRecord | None
    values: Mapping[Component, Decimal]
    # What the record holds now, before the hours of the roll are pushed down to it.
    stored: Mapping[Component, Decimal]

    @property
    def outstanding(self) -> list[Outstanding]:
        """Return what the course's rule still misses."""
        return outstanding(facts_of(self.class_course.course_version), self.values)

    @property
    def lacks_score(self) -> bool:
        """Whether a score that the course asks for was not entered."""
        return any(one.code in _NO_SCORE for one in self.outstanding)

    def hours(self) -> dict[HourKind, Decimal]:
        """Return credited hours of every kind that the course plans."""
        version = self.class_course.course_version
        return {
            kind: self.values.get(Component.hours_of(kind), Decimal(0))
            for kind in HourKind
            if version.hours_of(kind) > 0
        }


@dataclass
class PersonStanding:
    """One person on the roll with her courses, in their order."""

    enrolment: Enrolment
    courses: list[CourseStanding] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        """Whether every course is completed by its rule."""
        return not any(course.outstanding for course in self.courses)

    @property
    def lacks_score(self) -> bool:
        """Whether a score is missing in some course."""
        return any(course.lacks_score for course in self.courses)


def standing_of(training_class: TrainingClass, enrolments: Iterable[Enrolment]) -> list[PersonStanding]:
    """Return where each of ``enrolments`` stands: four queries whatever the number."""
    rows = list(enrolments)
    courses = list(training_class.class_courses.select_related("course_version"))
    credited = _credited(training_class)
    records, components = _records(training_class, [row.person_id for row in rows])
    people = []
    for row in rows:
        person = PersonStanding(row)
        for course in courses:
            record = records.get((row.person_id, course.course_version_id))
            stored = components.get(record.pk, {}) if record else {}
            values = dict(credited.get((row.pk, course.pk), {}))
            values |= {component: value for component, value in stored.items() if component in SCORES}
            person.courses.append(CourseStanding(course, record, values, stored))
        people.append(person)
    return people


def open_rolls(training_class: TrainingClass) -> list[Session]:
    """Return counted sessions that were neither cancelled nor had their roll closed."""
    rows = training_class.sessions.exclude(state=SessionState.CANCELLED)
    return list(
        rows.filter(kind__in=sorted(COUNTED_KINDS), roll_closed_at__isnull=True).order_by("starts_at")
    )


def session_words(session: Session) -> str:
    """Name a session for a reader: its time and content."""
    return _("%(when)s %(content)s") % {"when": dates.moment(session.starts_at), "content": session.content}


def _credited(training_class: TrainingClass) -> dict[tuple[int, int], dict[Component, Decimal]]:
    rows = (
        AttendanceMark.objects.filter(
            session__training_class=training_class, session__kind__in=sorted(COUNTED_KINDS)
        )
        .exclude(session__state=SessionState.CANCELLED)
        .exclude(session__class_course=None)
        .values_list("enrolment_id", "session__class_course_id", "session__kind")
        .annotate(total=Sum("credited_hours"))
    )
    found: dict[tuple[int, int], dict[Component, Decimal]] = {}
    for enrolment_id, course_id, kind, total in rows:
        found.setdefault((enrolment_id, course_id), {})[Component.hours_of(HourKind(kind))] = total
    return found


def _records(
    training_class: TrainingClass, people: list[int]
) -> tuple[dict[tuple[int, int], TrainingRecord], dict[int, dict[Component, Decimal]]]:
    """Return the newest record a person and version, and what holds on each."""
    newest = {
        (record.person_id, record.course_version_id): record
        for record in records_of(training_class, people).order_by("opened_at", "pk")
    }
    rows = RecordComponent.objects.filter(
        record__in=[record.pk for record in newest.values()], superseded_at__isnull=True
    )
    components: dict[int, dict[Component, Decimal]] = {}
    for row in rows:
        components.setdefault(row.record_id, {})[Component(row.component)] = row.value
    return newest, components
