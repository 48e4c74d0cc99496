"""Write the pages that the web server in front shows by itself: body too large, application not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.template.loader import render_to_string
from django.utils import translation

from cms.models import SiteSettings

FOLDER = "error-pages"
_PAGES = ("413.html", "503.html")


class Command(BaseCommand):
    """``manage.py error_pages``: after ``collectstatic``, whose names of stylesheets the pages carry."""

    help = "Write 413.html and 503.html for the web server in front into STATIC_ROOT/error-pages."

    def handle(self, *args: Any, **options: Any) -> None:
        """Render each page in the language of the site, for no reader in particular."""
        folder = Path(settings.STATIC_ROOT) / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        context = {
            "site": SiteSettings.objects.first() or SiteSettings(),
            "site_title": settings.SITE_TITLE,
            "limit_mb": settings.UPLOAD_LIMIT_BYTES // (1024 * 1024),
        }
        with translation.override(settings.LANGUAGE_CODE):
            for name in _PAGES:
                (folder / name).write_text(render_to_string(name, context), encoding="utf-8")
                self.stdout.write(str(folder / name))
