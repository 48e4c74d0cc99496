"""Addresses of this app."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from caravan.urls_people import urlpatterns as people
from caravan.views import stops, teach

app_name = "caravan"
urlpatterns: list[URLPattern | URLResolver] = [
    path("stops/<int:pk>/", stops.stop, name="stop"),
    path("classes/<str:class_no>/", stops.class_detail, name="class"),
    path("teach/", teach.week, name="teach"),
    path("teach/classes/", teach.classes, name="teach_classes"),
    path("teach/classes/<str:class_no>/", teach.class_detail, name="teach_class"),
    path("teach/classes/<str:class_no>/sessions/new/", teach.schedule, name="schedule"),
    path("teach/sessions/<int:pk>/move/", teach.move, name="move"),
    *people,
]
