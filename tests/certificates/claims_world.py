"""Certificates to claim on, the two demo schemes, and the people of the office."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from certificates.issuing.enums import CertificateState
from certificates.issuing.models import Certificate, CertificateDesign
from certificates.subsidies.demo import load_profiles, load_schemes
from certificates.subsidies.models import Claim, ClaimBatch, ColumnProfile, SubsidyScheme
from certificates.subsidies.services import batches, claims
from cms.enums import FileKind, PersonGroup, RegionLevel
from cms.models import Organisation, Person, Region, StoredFile, User
from cms.roles import Role
from cms.services.memberships import grant_role
from cms.services.people import tag_group
from courses.enums import ExternalKind
from courses.models import ExternalCertificate
from tests.certificates import issuing_world
from tests.certificates.issuing_world import AT, CHINA, COUNTY, TOWN

ISSUED = dt.date(2026, 3, 24)
OTHER_COUNTY = "990102000000"


def at(month: int, day: int, hour: int = 10, year: int = 2026) -> dt.datetime:
    """A local moment."""
    return dt.datetime(year, month, day, hour, tzinfo=CHINA)


@dataclass
class ClaimsWorld:
    """The school that hands in, the officer and the approver of the county."""

    base: issuing_world.World
    planner: User
    officer: User
    approver: User
    scheme: SubsidyScheme
    upgrade: SubsidyScheme
    profile: ColumnProfile

    @property
    def school(self) -> Organisation:
        return self.base.school

    def certificate(
        self, *, hours: int = 80, name: str = "", group: bool = True, verified: bool = True
    ) -> Certificate:
        """A valid certificate; the file behind it is a row only."""
        record = self.base.record(name=name, hours=hours)
        if group:
            self.tag(record.person, verified=verified)
        number = f"XH-PX-2026-{Certificate.objects.count() + 1:06d}"
        file = StoredFile.objects.create(
            kind=FileKind.CERTIFICATE, name=f"{number}.pdf", content_type="application/pdf", size=1, sha256="0" * 64,
            created_at=AT,
        )  # fmt: skip
        return Certificate.objects.create(
            record=record, person=record.person, organisation=self.school, region_code=TOWN, kind="training",
            number=number, token=secrets.token_hex(8), design=CertificateDesign.objects.get(kind="training"),
            holder_name=record.person.legal_name, course_title="家务服务员（初级）", snapshot={}, nonce="0",
            snapshot_sha256="0", state=CertificateState.ISSUED, issued_on=ISSUED, numbered_at=AT, file=file,
        )  # fmt: skip

    def external(self, person: Person | None = None, **facts: object) -> ExternalCertificate:
        person = person or self.base.person()
        values: dict[str, object] = {
            "kind": ExternalKind.SKILL_LEVEL, "number": f"S{ExternalCertificate.objects.count():021d}",
            "occupation": self.base.version.occupation, "skill_level": 5, "issuer": "示范评价机构", "issued_on": ISSUED,
            "register_checked_on": ISSUED, "is_in_register": True, "recorded_at": AT,
        }  # fmt: skip
        return ExternalCertificate.objects.create(
            person=person, organisation=self.school, region_code=TOWN, **(values | facts)
        )

    def tag(self, person: Person, *, verified: bool = True) -> None:
        tag_group(
            person, PersonGroup.RURAL_TRANSFER, self.school, proof_number="", region_code=TOWN, by=self.planner, at=AT,
            checked_by="乡镇名单" if verified else "", checked_on=dt.date(2026, 1, 5) if verified else None,
            valid_from=dt.date(2026, 1, 1), valid_until=None,
        )  # fmt: skip

    def submitted(self, certificate: Certificate | None = None) -> Claim:
        proof = certificate or self.certificate()
        claim = claims.create_claim(proof, self.scheme, self.school, by=self.planner, at=at(4, 1))
        return claims.submit_claim(claim, by=self.planner, at=at(4, 1))

    def in_review(self, certificate: Certificate | None = None) -> Claim:
        return claims.start_review(self.submitted(certificate), by=self.officer, at=at(4, 2))

    def on_notice(self, certificate: Certificate | None = None) -> Claim:
        claim = self.in_review(certificate)
        return claims.approve_claim(claim, amount=Decimal(800), by=self.approver, at=at(4, 3))

    def payable(self, certificate: Certificate | None = None) -> Claim:
        return claims.end_notice(self.on_notice(certificate), by=self.officer, at=at(4, 20))

    def batch(self, count: int = 1) -> ClaimBatch:
        for _ in range(count):
            self.payable()
        return batches.build_batch(self.scheme, COUNTY, by=self.officer, at=at(4, 21))

    def office_user(self, name: str, role: Role, region: str = COUNTY) -> User:
        user = User.objects.create(username=name, display_name=name)
        office = Organisation.objects.get_or_create(
            short_code="XHRS", defaults={"name": "星河县人社局", "region_code": COUNTY}
        )[0]
        grant_role(
            user, role, office, by=None, at=AT, regions=[Region.objects.get(code=region)],
            valid_from=dt.date(2020, 1, 1), valid_until=dt.date(2099, 1, 1) if role == Role.AUDITOR else None,
        )  # fmt: skip
        return user


def is_refused(response: Any) -> bool:
    """Known, but not for this account."""
    return bool(response.status_code == 403)


def make_regions() -> None:
    """A province with two counties and two towns."""
    rows = (
        ("990000000000", "示范省", RegionLevel.PROVINCE),
        (COUNTY, "星河县", RegionLevel.COUNTY),
        (OTHER_COUNTY, "邻水县", RegionLevel.COUNTY),
        (TOWN, "城关镇", RegionLevel.TOWN),
        ("990101101000", "河湾镇", RegionLevel.TOWN),
    )
    for code, name, level in rows:
        Region.objects.get_or_create(
            code=code, defaults={"name": name, "level": level, "valid_from": dt.date(2020, 1, 1)}
        )


def make_claims_world() -> ClaimsWorld:
    make_regions()
    base = issuing_world.make_world()
    base.training_class.closed_at = AT
    base.training_class.save()
    load_schemes(by=None, at=AT)
    load_profiles(by=None, at=AT)
    world = ClaimsWorld(
        base, base.planner, base.planner, base.planner,
        SubsidyScheme.objects.get(code="demo-training"), SubsidyScheme.objects.get(code="demo-upgrade"),
        ColumnProfile.objects.get(),
    )  # fmt: skip
    world.officer = world.office_user("赵专员", Role.SUBSIDY_OFFICER)
    world.approver = world.office_user("钱审批", Role.APPROVER)
    return world
