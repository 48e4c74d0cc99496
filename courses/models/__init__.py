"""The nouns of courses; import them from here."""

from courses.models.catalogue import Course, CourseVersion, Menu, MenuItem, MenuSection, MenuVersion
from courses.models.external import ExternalCertificate
from courses.models.occupations import Occupation, WorkType
from courses.models.pages import CourseMenuPage, CoursePage
from courses.models.records import RecordComponent, TrainingRecord

__all__ = [
    "Course",
    "CourseMenuPage",
    "CoursePage",
    "CourseVersion",
    "ExternalCertificate",
    "Menu",
    "MenuItem",
    "MenuSection",
    "MenuVersion",
    "Occupation",
    "RecordComponent",
    "TrainingRecord",
    "WorkType",
]
