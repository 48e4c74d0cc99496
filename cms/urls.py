"""Composition root of addresses: the only place that names the upper apps' URL modules, by string."""

from __future__ import annotations

from django.conf import settings
from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from cms.backoffice.home import OfficeAccount, OfficeHome, office_view
from cms.views.account import sign_out
from cms.views.closed import gone, to_sign_in
from cms.views.site import set_language

urlpatterns = [
    # Wagtail's own ways in would pass by the second factor, the counters and the audit log.
    path("admin/login/", to_sign_in),
    path("admin/logout/", sign_out),
    path("admin/password_reset/", gone),
    path("admin/password_reset/<path:rest>", gone),
    path("_util/login/", to_sign_in),
    # In front of Wagtail's own of the same name: the home screen, one's own settings.
    path("admin/", office_view(OfficeHome), name="wagtailadmin_home"),
    path("admin/account/", office_view(OfficeAccount), name="wagtailadmin_account"),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("language/", set_language, name="set_language"),
    path("", include("cms.urls_operations")),
    path("", include("cms.urls_site")),
    path("", include("cms.urls_account")),
    path("", include("courses.urls")),
    path("", include("caravan.urls")),
    path("", include("certificates.urls")),
]

if settings.DEBUG:
    from django.conf.urls.static import static

    urlpatterns += static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT)

urlpatterns += [path("", include(wagtail_urls))]

handler400 = "cms.views.errors.bad_request"
handler403 = "cms.views.errors.forbidden"
handler404 = "cms.views.errors.not_found"
handler500 = "cms.views.errors.server_error"
