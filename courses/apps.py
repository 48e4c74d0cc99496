"""The app's wiring."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoursesConfig(AppConfig):
    """See the package's docstring."""

    name = "courses"
    verbose_name = _("课程")

    def ready(self) -> None:
        """Register what this app contributes to the apps below."""
        from courses import registrations  # noqa: F401  registration by import
