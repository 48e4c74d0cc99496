"""The app's wiring."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CertificatesConfig(AppConfig):
    """See the package's docstring."""

    name = "certificates"
    verbose_name = _("证书与补贴")

    def ready(self) -> None:
        """Register what this app contributes to the apps below."""
        from certificates import registrations  # noqa: F401  registration by import
