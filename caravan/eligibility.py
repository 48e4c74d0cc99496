"""Who may take a seat: a registry of rules, each asked once for all applicants of a call.

A rule returns the people it refuses with the reason; every rule is asked, so that somebody is told
every reason and not only the first. ``docs/enrolment.md`` lists the rules with their codes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from caravan.enums import OPEN_FOR_ENROLMENT, SEATED, ClassState, SessionState
from caravan.models import ClassCourse, Enrolment, Session, TrainingClass
from caravan.records import source_of
from caravan.rules import enrolment_rule
from cms.dates import age_on
from cms.errors import DomainError
from cms.models import Person
from cms.registry import Registry
from cms.services.consents import missing_texts
from cms.services.locking import person_merged
from cms.ui import dates
from courses.models import TrainingRecord

# The code by which a page knows that one more page solves it.
CONSENT_MISSING = "consent_missing"

Refused = Mapping[int, DomainError]


@dataclass(frozen=True)
class Applicants:
    """Who asks for seats in which class at what time; the class row is locked."""

    training_class: TrainingClass
    people: Sequence[Person]
    at: dt.datetime

    def everyone(self, error: DomainError) -> Refused:
        """Return the same refusal for all."""
        return {person.pk: error for person in self.people}

    @property
    def ids(self) -> list[int]:
        """Return the people's keys."""
        return [person.pk for person in self.people]


@dataclass(frozen=True)
class Rule:
    """``check`` returns person id → refusal; ``can_override`` says whether an officer's reason outweighs it."""

    check: Callable[[Applicants], Refused]
    can_override: bool = False


rules: Registry[Rule] = Registry("eligibility rules")


def refusals_of(applicants: Applicants, *, overridden: bool = False) -> dict[int, list[DomainError]]:
    """Return person id → every refusal, only of people with at least one.

    With ``overridden`` only the rules that nobody may set aside are asked.
    """
    found: dict[int, list[DomainError]] = {}
    for rule in rules:
        if overridden and rule.can_override:
            continue
        for person_id, error in rule.check(applicants).items():
            found.setdefault(person_id, []).append(error)
    return found


def _stands_for_oneself(applicants: Applicants) -> Refused:
    merged = Person.objects.filter(pk__in=applicants.ids, merged_into__isnull=False)
    return {pk: person_merged() for pk in merged.values_list("pk", flat=True)}


def _class_is_open(applicants: Applicants) -> Refused:
    state = applicants.training_class.state
    if state in OPEN_FOR_ENROLMENT:
        return {}
    if state == ClassState.CANCELLED:
        words = _("这个班取消了，不用报名。")
    elif state in {ClassState.DRAFT, ClassState.SUBMITTED, ClassState.RETURNED}:
        words = _("这个班还没有开放报名，过几天再来看看。")
    else:
        words = _("这个班的课已经上完了，不再收人。")
    return applicants.everyone(DomainError("class_not_open", words))


def _before_the_deadline(applicants: Applicants) -> Refused:
    until = applicants.training_class.enrol_until
    if applicants.at <= until:
        return {}
    words = _("报名在%(when)s截止了。想来的话，请打电话问承办机构。") % {"when": dates.moment(until)}
    return applicants.everyone(DomainError("enrol_closed", words))


def _old_enough(applicants: Applicants) -> Refused:
    starts_on = applicants.training_class.starts_on
    youngest = enrolment_rule(applicants.training_class.region_code, starts_on).youngest_age
    words = _("开班那天要满 %(age)s 岁才能报名。") % {"age": youngest}
    return {
        person.pk: DomainError("too_young", words)
        for person in applicants.people
        if person.birth_date is not None and age_on(person.birth_date, starts_on) < youngest
    }


def _not_learning_it_elsewhere(applicants: Applicants) -> Refused:
    training_class = applicants.training_class
    courses = ClassCourse.objects.filter(training_class=training_class).values("course_version__course")
    rows = (
        TrainingRecord.objects.open()
        .filter(person_id__in=applicants.ids, course__in=courses)
        .exclude(source=source_of(training_class))
        .values_list("person_id", "course_version__title")
    )
    return {
        person_id: DomainError(
            "learning_elsewhere",
            _("%(course)s正在别的班学，学完那一次才能再报。") % {"course": title},
        )
        for person_id, title in rows
    }


def time_clashes(applicants: Applicants) -> Refused:
    """Refuse who has a seat in another class with a session that overlaps one of this class: one query."""
    training_class = applicants.training_class
    ours = Session.objects.filter(
        training_class=training_class,
        state=SessionState.PLANNED,
        starts_at__lt=OuterRef("ends_at"),
        ends_at__gt=OuterRef("starts_at"),
    )
    theirs = Session.objects.filter(
        Exists(ours), training_class=OuterRef("training_class"), state=SessionState.PLANNED
    )
    rows = (
        Enrolment.objects.filter(person_id__in=applicants.ids, state__in=sorted(SEATED))
        .exclude(training_class=training_class)
        .annotate(clash_at=Subquery(theirs.order_by("starts_at").values("starts_at")[:1]))
        .filter(clash_at__isnull=False)
        .values_list("person_id", "training_class__title", "clash_at")
    )
    return {
        person_id: DomainError(
            "time_clash",
            _("和已经报的“%(title)s”时间撞了：%(when)s两边都有课。")
            % {"title": title, "when": dates.moment(timezone.localtime(when))},
        )
        for person_id, title, when in rows
    }


def _has_agreed(applicants: Applicants) -> Refused:
    """Refuse who has not agreed to what the region's rules ask: the wording in force, not an older one."""
    missing = missing_texts(applicants.ids, applicants.training_class.region_code, at=applicants.at)
    words = _("报名前，请先看《%(titles)s》，同意了再报。")
    return {
        person_id: DomainError(CONSENT_MISSING, words % {"titles": "》《".join(text.title for text in texts)})
        for person_id, texts in missing.items()
    }


def words_of(refusals: Iterable[DomainError]) -> str:
    """Return every reason as one line."""
    return "".join(str(refusal.message) for refusal in refusals)


rules.register("person_merged", Rule(_stands_for_oneself))
rules.register("class_open", Rule(_class_is_open))
rules.register("deadline", Rule(_before_the_deadline, can_override=True))
rules.register("age", Rule(_old_enough, can_override=True))
rules.register("learning_elsewhere", Rule(_not_learning_it_elsewhere))
rules.register("time_clash", Rule(time_clashes, can_override=True))
rules.register("consent", Rule(_has_agreed))
