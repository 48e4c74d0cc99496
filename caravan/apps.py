"""The app's wiring."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CaravanConfig(AppConfig):
    """See the package's docstring."""

    name = "caravan"
    verbose_name = _("大篷车")

    def ready(self) -> None:
        """Register what this app contributes to the apps below."""
        from caravan import registrations  # noqa: F401  registration by import
