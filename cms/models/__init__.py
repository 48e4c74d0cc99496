"""The nouns of the ground; import them from here."""

from cms.models.audit import AuditEntry, AuditNote, AuditSeal, AuditSealEntry, SealChain
from cms.models.changes import ChangeProposal
from cms.models.consents import Consent, ConsentRule, PolicyText, Undertaking
from cms.models.exports import ExportRecord
from cms.models.files import FileLink, StoredFile
from cms.models.imports import DataImport, ImportRow
from cms.models.jobs import Job, JobItem
from cms.models.memberships import Membership
from cms.models.merges import DoubleReview, PersonMerge
from cms.models.messages import (
    Delivery,
    Message,
    MessageChoice,
    MessageLanguage,
    MessageRead,
    QuietHours,
)
from cms.models.moderation import RoleApprovalTask
from cms.models.my_data import DataRequest, RevealRecord
from cms.models.operations import Heartbeat
from cms.models.organisations import Licence, Organisation, OrganisationKind
from cms.models.pages import HomePage, InfoPage, NewsIndexPage, NewsPage
from cms.models.people import (
    Affiliation,
    DocumentDigest,
    GroupTag,
    InPostPeriod,
    Person,
    PersonAccount,
    PersonDocument,
    PersonName,
    PersonSlip,
)
from cms.models.person_facts import EducationRecord, HealthCertificate
from cms.models.regions import Region, RegionSuccession
from cms.models.sign_in import CacheRow, SignInCode
from cms.models.signing import SigningKey
from cms.models.site_settings import SiteSettings
from cms.models.users import User

__all__ = [
    "Affiliation",
    "AuditEntry",
    "AuditNote",
    "AuditSeal",
    "AuditSealEntry",
    "CacheRow",
    "ChangeProposal",
    "Consent",
    "ConsentRule",
    "DataImport",
    "DataRequest",
    "Delivery",
    "DocumentDigest",
    "DoubleReview",
    "EducationRecord",
    "ExportRecord",
    "FileLink",
    "GroupTag",
    "HealthCertificate",
    "Heartbeat",
    "HomePage",
    "ImportRow",
    "InPostPeriod",
    "InfoPage",
    "Job",
    "JobItem",
    "Licence",
    "Membership",
    "Message",
    "MessageChoice",
    "MessageLanguage",
    "MessageRead",
    "NewsIndexPage",
    "NewsPage",
    "Organisation",
    "OrganisationKind",
    "Person",
    "PersonAccount",
    "PersonDocument",
    "PersonMerge",
    "PersonName",
    "PersonSlip",
    "PolicyText",
    "QuietHours",
    "Region",
    "RegionSuccession",
    "RevealRecord",
    "RoleApprovalTask",
    "SealChain",
    "SignInCode",
    "SigningKey",
    "SiteSettings",
    "StoredFile",
    "Undertaking",
    "User",
]
