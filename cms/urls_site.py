"""Addresses that belong to no room: settings of a visitor, links to private files."""

from __future__ import annotations

from django.urls import path

from cms.views import files, site

app_name = "site"
urlpatterns = [
    path("text-size/", site.set_text_size, name="text_size"),
    path("files/<str:code>/", files.linked_file, name="file"),
]
