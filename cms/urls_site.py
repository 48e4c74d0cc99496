"""Addresses that belong to no room: settings of a visitor, links to private files, seals and public keys."""

from __future__ import annotations

from django.urls import path

from cms.views import files, policies, seals, site

app_name = "site"
urlpatterns = [
    path("text-size/", site.set_text_size, name="text_size"),
    path("files/<str:code>/", files.linked_file, name="file"),
    path("seal/", seals.page, name="seal"),
    path(".well-known/caravan-seal.json", seals.seal_json, name="seal_json"),
    path(".well-known/caravan-keys.json", seals.keys_json, name="keys_json"),
    path("media/images/<path:path>", site.picture, name="picture"),
    path("privacy/", policies.privacy, name="privacy"),
    path("privacy/<slug:kind>/<int:version>/", policies.policy, name="policy"),
]
