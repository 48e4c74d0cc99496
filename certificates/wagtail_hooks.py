"""Wagtail hooks of this app; each inner package registers its own on import."""

from certificates.issuing import wagtail_hooks as issuing  # noqa: F401  registration by import
from certificates.refreshers import wagtail_hooks as refreshers  # noqa: F401  registration by import
from certificates.reports import wagtail_hooks as reports  # noqa: F401  registration by import
from certificates.subsidies import wagtail_hooks as subsidies  # noqa: F401  registration by import
