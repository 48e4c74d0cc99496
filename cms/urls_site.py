"""Addresses of site-wide settings of a visitor."""

from __future__ import annotations

from django.urls import path

from cms.views import site

app_name = "site"
urlpatterns = [path("text-size/", site.set_text_size, name="text_size")]
