"""What belongs to a course's history."""

from __future__ import annotations

from cms.backoffice.history import HistorySubject, history_subjects

# A version's changes are told of its course.
history_subjects.register(
    "courses.menuversion", HistorySubject(lambda version: {"courses.menu": [version.menu_id]})
)
history_subjects.register(
    "courses.courseversion", HistorySubject(lambda version: {"courses.course": [version.course_id]})
)
