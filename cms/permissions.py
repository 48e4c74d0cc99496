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
_MERGES = frozenset({"merge_person", "view_personmerge"})
_CHANGES = frozenset({"view_changeproposal", "change_changeproposal"})
# Who looks at numbers, who reads who looked; who answers what people ask about their data.
_NUMBERS = frozenset({"reveal_number"})
_READ_REVEALS = frozenset({"view_revealrecord"})
_ANSWER = frozenset({"view_datarequest", "change_datarequest"})
_APPROVE = _ANSWER | {"approve_deletion"}
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
        | _MERGES
        | _CHANGES
        | _LICENCES
        | _REGIONS
        | _SEND_AGAIN
        | _KEYS
        | _NUMBERS
        | _READ_REVEALS
        | _APPROVE
        | {"add_quiethours"}
        | _EXPORT
        | {"view_policytext", "add_policytext", "view_consentrule", "add_consentrule", "change_sitesettings"}
        | {"add_organisation", "change_organisation"},
        Role.ORG_ADMIN: _READ_PEOPLE
        | _APPOINT
        | _ROSTERS
        | _PEOPLE
        | _MERGES
        | _CHANGES
        | _LICENCES
        | _SEND_AGAIN
        | _NUMBERS
        | _READ_REVEALS
        | _APPROVE
        | _EXPORT
        | {"export_numbers"},
        Role.PLANNER: _READ_PEOPLE
        | _ROSTERS
        | _PEOPLE
        | _SEND_AGAIN
        | _NUMBERS
        | _ANSWER
        | {"view_changeproposal", "view_exportrecord"},
        Role.SUBSIDY_OFFICER: _READ_PEOPLE | _READ_MESSAGES | _NUMBERS | _EXPORT | {"export_numbers"},
        Role.APPROVER: _READ_PEOPLE | _READ_MESSAGES | _MERGES | _CHANGES | {"view_exportrecord"},
        Role.AUDITOR: _READ_PEOPLE | _READ_MESSAGES | _READ_REVEALS | _EXPORT | {"view_auditseal"},
    },
)
