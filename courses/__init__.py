"""Courses: what is taught and learned; occupations, courses and versions, menus, assessments, records."""
