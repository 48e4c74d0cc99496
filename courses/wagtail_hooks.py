"""Registers 课程 in the back office; the screens live in ``courses/viewsets.py``."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy
from wagtail import hooks
from wagtail.admin.viewsets.base import ViewSetGroup

from courses.viewsets import (
    CourseViewSet,
    ExternalCertificateViewSet,
    MenuViewSet,
    OccupationViewSet,
    RecordViewSet,
    VersionViewSet,
)


class CourseGroup(ViewSetGroup):
    """课程 in the side bar."""

    menu_label = pgettext_lazy("menu", "课程")
    menu_name = "courses"
    menu_icon = "openquote"
    menu_order = 200
    items = (
        CourseViewSet,
        VersionViewSet,
        MenuViewSet,
        OccupationViewSet,
        RecordViewSet,
        ExternalCertificateViewSet,
    )


@hooks.register("register_admin_viewset")
def register_courses() -> CourseGroup:
    """Add the group."""
    return CourseGroup()
