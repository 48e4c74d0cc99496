"""Addresses of this app; each inner package owns its own."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from certificates.issuing import urls as issuing

app_name = "certificates"
urlpatterns: list[URLPattern | URLResolver] = [*issuing.urlpatterns]
