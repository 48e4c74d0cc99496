"""Put the public site in place: the home page as the root, and the words on every page."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.models import Page, Site

from cms import audit
from cms.models import HomePage, InfoPage, SiteSettings, User

PRIVACY_SLUG = "privacy"


@transaction.atomic
def publish_home_page(*, by: User | None, at: dt.datetime) -> HomePage:
    """Return the home page, made the default site's root if missing; Wagtail's welcome page goes."""
    home: HomePage | None = HomePage.objects.first()
    if home is not None:
        return home
    root = Page.objects.get(depth=1)
    root.get_children().filter(slug="home").delete()
    root = Page.objects.get(depth=1)
    home = HomePage(title=_("首页"), slug="home", owner=by, first_published_at=at, last_published_at=at)
    root.add_child(instance=home)
    Site.objects.update_or_create(
        is_default_site=True, defaults={"hostname": "localhost", "port": 80, "root_page": home}
    )
    audit.record("site.publish", home, by=by, at=at)
    return home


@transaction.atomic
def publish_info_page(
    slug: str, title: str, intro: str, body: str, *, by: User | None, at: dt.datetime
) -> InfoPage:
    """Return the information page at ``/slug/``, made if missing; what editors wrote stays."""
    home = publish_home_page(by=by, at=at)
    page: InfoPage | None = InfoPage.objects.child_of(home).filter(slug=slug).first()
    if page is None:
        page = InfoPage(
            title=title,
            slug=slug,
            intro=intro,
            body=body,
            owner=by,
            first_published_at=at,
            last_published_at=at,
        )
        home.add_child(instance=page)
    return page


@transaction.atomic
def set_site_words(*, by: User | None, at: dt.datetime, **words: str | bool) -> SiteSettings:
    """Store the words on every page (fields of ``SiteSettings``)."""
    site = Site.objects.get(is_default_site=True)
    settings: SiteSettings
    settings, _created = SiteSettings.objects.update_or_create(site=site, defaults=words)
    audit.record("site.words", settings, by=by, at=at, fields=sorted(words))
    return settings
