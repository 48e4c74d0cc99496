"""The ground's wiring."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CmsConfig(AppConfig):
    """Settings, people, organisations, regions, roles and scope, audit, jobs and files."""

    name = "cms"
    verbose_name = _("基础")

    def ready(self) -> None:
        """Register what this app contributes."""
        from cms import (  # noqa: F401  registration by import
            audit_words,
            exports,
            import_kinds,
            job_kinds,
            keyed_values,
            message_kinds,
            my_data_sections,
            permissions,
            person_follows,
            register_erasing,
            site_panels,
        )
        from cms.backoffice import histories, waiting  # noqa: F401  registration by import
        from cms.backoffice.forbidden import answer_forbidden_with_403
        from cms.backoffice.page_search import search_pages_among_pages
        from cms.logs import worker  # noqa: F401  Celery's signals
        from cms.operations import registrations  # noqa: F401  checks, figures, signs of life
        from cms.signing_in import note_sessions

        answer_forbidden_with_403()
        search_pages_among_pages()
        note_sessions()
