"""Composition root of addresses: the only place that names the upper apps' URL modules, by string."""

from __future__ import annotations

from django.conf import settings
from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from cms.backoffice.home import OfficeAccount, OfficeHome, office_view
from cms.views.site import private_page_sign_in, set_language

urlpatterns = [
    # In front of Wagtail's own of the same name: one door for passwords, the home screen, one's own settings.
    path("_util/login/", private_page_sign_in, name="wagtailcore_login"),
    path("admin/", office_view(OfficeHome), name="wagtailadmin_home"),
    path("admin/account/", office_view(OfficeAccount), name="wagtailadmin_account"),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("language/", set_language, name="set_language"),
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
