"""Caravan: where, when, who came; venues, tours and stops, classes, sessions, enrolment, attendance."""
