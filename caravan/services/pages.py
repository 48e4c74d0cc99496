"""Put the caravan's pages into the shop window."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from caravan.models import SchedulePage, StopsPage
from cms import audit
from cms.models import HomePage, User

_PAGES: tuple[tuple[type[Any], str, str], ...] = (
    (StopsPage, "stops", "大篷车去哪儿"),
    (SchedulePage, "schedule", "课表"),
)


@transaction.atomic
def publish_caravan_pages(*, by: User | None, at: dt.datetime) -> list[Any]:
    """Publish /stops/ and /schedule/ below the home page; those that are there stay as they are.

    Raises ``HomePage.DoesNotExist`` when there is no home page yet.
    """
    home = HomePage.objects.get()
    made = []
    for model, slug, title in _PAGES:
        page = model.objects.first()
        if page is None:
            page = home.add_child(instance=model(title=title, slug=slug))
            page.save_revision(user=by).publish()
            audit.record("page.publish", page, by=by, at=at, slug=slug)
        made.append(page)
    return made
