"""Addresses of issuing; ``certificates.urls`` includes them."""

from __future__ import annotations

from django.urls import path

from certificates.issuing.views import downloads, verification

urlpatterns = [
    path("verify/", verification.verify_form, name="verify_form"),
    path("v/<str:token>/", verification.verify_token, name="verify"),
    path("me/certificates/<str:number>/", downloads.download, name="download"),
]
