"""The nouns of the caravan; import them from here."""

from caravan.models.attendance import AttendanceEvent, AttendanceMark, AttendanceRule
from caravan.models.classes import (
    ClassCourse,
    ClassFiling,
    ClassHost,
    ClassNumberSeries,
    ClassStaff,
    TrainingClass,
)
from caravan.models.enrolments import Enrolment, WaitingEntry
from caravan.models.pages import SchedulePage, StopsPage
from caravan.models.resources import Booking, Kit, Room, TrainerProfile, Vehicle, Venue
from caravan.models.rules import DayHoursRule, EnrolmentRule
from caravan.models.sessions import Session
from caravan.models.tours import Stop, Tour

__all__ = [
    "AttendanceEvent",
    "AttendanceMark",
    "AttendanceRule",
    "Booking",
    "ClassCourse",
    "ClassFiling",
    "ClassHost",
    "ClassNumberSeries",
    "ClassStaff",
    "DayHoursRule",
    "Enrolment",
    "EnrolmentRule",
    "Kit",
    "Room",
    "SchedulePage",
    "Session",
    "Stop",
    "StopsPage",
    "Tour",
    "TrainerProfile",
    "TrainingClass",
    "Vehicle",
    "Venue",
    "WaitingEntry",
]
