"""The table of scores: one field a person, course and part that the course asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _

from caravan.services.results import Score
from caravan.standing import CourseStanding, PersonStanding
from courses.enums import Component, RecordState
from courses.models import CourseVersion


def asked_of(version: CourseVersion) -> list[Component]:
    """Return the scores that a course version asks for."""
    asked = [
        (Component.THEORY_SCORE, version.theory_pass_score),
        (Component.PRACTICE_SCORE, version.practice_pass_score),
    ]
    return [component for component, needed in asked if needed is not None]


@dataclass(frozen=True)
class Cell:
    """One place in the table: the field, or only the value where the record is closed."""

    field: BoundField | None
    value: Decimal | None
    label: str


class ResultsForm(forms.Form):
    """Scores 0 to 100 in steps of 0.5; an empty field says nothing, what is stored stays."""

    def __init__(self, *args: Any, people: Sequence[PersonStanding], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = people
        self.places: dict[str, tuple[CourseStanding, Component]] = {}
        for person in people:
            for course in person.courses:
                for component in asked_of(course.class_course.course_version):
                    self._add(person, course, component)

    def _add(self, person: PersonStanding, course: CourseStanding, component: Component) -> None:
        if course.record is None or course.record.state != RecordState.OPEN:
            return
        name = field_name(person, course, component)
        who = _("%(number)s 号%(name)s，%(part)s") % {
            "number": person.enrolment.roll_no,
            "name": person.enrolment.person.legal_name,
            "part": Component(component).label,
        }
        wrong = _("%(who)s：填 0 到 100，最小到 0.5 分。") % {"who": who}
        messages = dict.fromkeys(
            ("invalid", "min_value", "max_value", "step_size", "max_decimal_places"), wrong
        )
        messages |= {"max_digits": wrong, "max_whole_digits": wrong}
        self.fields[name] = forms.DecimalField(
            label=who,
            required=False,
            min_value=0,
            max_value=100,
            step_size=Decimal("0.5"),  # a float would not add up with decimals
            max_digits=4,
            decimal_places=1,
            initial=course.values.get(component),
            error_messages=messages,
            widget=forms.TextInput(
                attrs={
                    "inputmode": "decimal",
                    "autocomplete": "off",
                    "class": "input score",
                    "aria-label": who,
                }
            ),
        )
        self.places[name] = (course, component)

    def clean(self) -> dict[str, Any]:
        """Refuse to empty a stored score: it is replaced, never removed."""
        cleaned: dict[str, Any] = super().clean() or {}
        for name, (course, component) in self.places.items():
            stored = course.values.get(component)
            if name in cleaned and cleaned[name] is None and stored is not None:
                words = _("%(who)s：登记过的成绩不能空着，填新的分数就行。") % {
                    "who": self.fields[name].label
                }
                self.add_error(name, words)
        return cleaned

    def changed_scores(self) -> list[Score]:
        """Return what differs from what is stored; call after ``is_valid``."""
        return [
            Score(name, course.record, component, self.cleaned_data[name])
            for name, (course, component) in self.places.items()
            if course.record is not None
            and self.cleaned_data[name] is not None
            and self.cleaned_data[name] != course.values.get(component)
        ]

    def cells_of(self, person: PersonStanding) -> Iterator[Cell]:
        """Yield the cells of one person's row."""
        for course in person.courses:
            for component in asked_of(course.class_course.course_version):
                name = field_name(person, course, component)
                bound = self[name] if name in self.fields else None
                yield Cell(bound, course.values.get(component), _short(course, component))


def field_name(person: PersonStanding, course: CourseStanding, component: Component) -> str:
    """Return the name of one score's field."""
    return f"{component}-{person.enrolment.pk}-{course.class_course.pk}"


def _short(course: CourseStanding, component: Component) -> str:
    return _("%(course)s %(part)s") % {
        "course": course.class_course.course_version.title,
        "part": Component(component).label,
    }
