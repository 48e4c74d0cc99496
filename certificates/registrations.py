"""What this app registers with the apps below: roles, panels, job kinds. Imported once from ready().

Each inner package registers its own in its ``registrations``; only the rights are joined here, because a
role's rights are registered once for an app.
"""

from __future__ import annotations

from certificates import audit_words, histories, merging  # noqa: F401  registered by import
from certificates.issuing import permissions as issuing_permissions
from certificates.issuing import registrations as issuing_registrations  # noqa: F401  registration by import
from certificates.refreshers import permissions as refresher_permissions
from certificates.refreshers import registrations as refresher_registrations  # noqa: F401  registration by import
from certificates.subsidies import permissions as subsidy_permissions
from certificates.subsidies import registrations as subsidy_registrations  # noqa: F401  registration by import
from cms.benching import bench_at, benches
from cms.roles import Role, role_permissions

_PARTS = (
    issuing_permissions.PERMISSIONS,
    refresher_permissions.PERMISSIONS,
    subsidy_permissions.PERMISSIONS,
)

role_permissions.register(
    "certificates",
    {role: frozenset().union(*(part.get(role, frozenset()) for part in _PARTS)) for role in Role},
)

benches.register("export", bench_at("certificates.benches.export:run"))
