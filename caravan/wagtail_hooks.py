"""Registers 大篷车 and 班级 in the back office; the screens live in ``caravan/backoffice``."""

from __future__ import annotations

from django.urls import URLPattern
from django.utils.translation import gettext_lazy, pgettext_lazy
from wagtail import hooks
from wagtail.admin.viewsets.base import ViewSetGroup

from caravan.backoffice import closing, enrolments
from caravan.backoffice.classes import ClassViewSet
from caravan.backoffice.filings import FilingViewSet
from caravan.backoffice.resources import (
    KitViewSet,
    StopViewSet,
    TourViewSet,
    TrainerViewSet,
    VehicleViewSet,
    VenueViewSet,
)
from caravan.backoffice.rules import AttendanceRuleViewSet, DayHoursRuleViewSet, EnrolmentRuleViewSet


class CaravanGroup(ViewSetGroup):
    """大篷车."""

    menu_label = gettext_lazy("大篷车")
    menu_name = "caravan"
    menu_icon = "site"
    menu_order = 300
    items = (TourViewSet, StopViewSet, VenueViewSet, VehicleViewSet, KitViewSet, TrainerViewSet)


class ClassGroup(ViewSetGroup):
    """班级."""

    menu_label = pgettext_lazy("menu", "班级")
    menu_name = "classes"
    menu_icon = "group"
    menu_order = 310
    items = (ClassViewSet, FilingViewSet, EnrolmentRuleViewSet, AttendanceRuleViewSet, DayHoursRuleViewSet)


@hooks.register("register_admin_viewset")
def register_caravan() -> CaravanGroup:
    """Register 大篷车."""
    return CaravanGroup()


@hooks.register("register_admin_viewset")
def register_classes() -> ClassGroup:
    """Register 班级."""
    return ClassGroup()


@hooks.register("register_admin_urls")
def register_class_screens() -> list[URLPattern]:
    """Register the screens of one class that are no listing: its people and its closing."""
    return [*enrolments.urls(), *closing.urls()]
