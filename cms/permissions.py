"""What each role may do with the ground's own models."""

from __future__ import annotations

from cms.roles import BACKOFFICE_ROLES, Role, role_permissions

_READ_PEOPLE = frozenset(
    {
        "view_person",
        "view_organisation",
        "view_region",
        "view_regionsuccession",
        "view_job",
        "view_auditentry",
    }
)
_KEYS = frozenset({"view_auditseal", "view_signingkey", "add_signingkey", "change_signingkey"})
_APPOINT = frozenset({"view_membership", "add_membership", "change_membership"})
_PEOPLE = frozenset({"add_person", "add_personslip"})
_ROSTERS = frozenset({"add_dataimport", "view_dataimport"})
_LICENCES = frozenset({"add_licence", "change_licence"})
# Taking tables out is a right of its own; full document numbers another one (cms.exporting.numbers).
_EXPORT = frozenset({"view_exportrecord", "export_person", "export_organisation"})
_REGIONS = frozenset({"add_region", "add_regionsuccession", "delete_regionsuccession"})
_READ_MESSAGES = frozenset({"view_delivery", "view_quiethours"})
_SEND_AGAIN = _READ_MESSAGES | {"change_delivery"}

role_permissions.register(
    "wagtailadmin",
    {role: frozenset({"access_admin"}) for role in BACKOFFICE_ROLES},
)
role_permissions.register(
    "cms",
    {
        Role.SYSTEM_ADMIN: _READ_PEOPLE
        | _APPOINT
        | _ROSTERS
        | _PEOPLE
        | _LICENCES
        | _REGIONS
        | _SEND_AGAIN
        | _KEYS
        | {"add_quiethours"}
        | _EXPORT
        | {"view_policytext", "add_policytext", "view_consentrule", "add_consentrule", "change_sitesettings"}
        | {"add_organisation", "change_organisation"},
        Role.ORG_ADMIN: _READ_PEOPLE
        | _APPOINT
        | _ROSTERS
        | _PEOPLE
        | _LICENCES
        | _SEND_AGAIN
        | _EXPORT
        | {"export_numbers"},
        Role.PLANNER: _READ_PEOPLE | _ROSTERS | _PEOPLE | _SEND_AGAIN | {"view_exportrecord"},
        Role.SUBSIDY_OFFICER: _READ_PEOPLE | _READ_MESSAGES | _EXPORT | {"export_numbers"},
        Role.APPROVER: _READ_PEOPLE | _READ_MESSAGES | {"view_exportrecord"},
        Role.AUDITOR: _READ_PEOPLE | _READ_MESSAGES | _EXPORT | {"view_auditseal"},
    },
)
