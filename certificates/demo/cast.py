"""The accounts of the demo world: one for each role, all with one password made for this installation."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from cms import audit
from cms.ids import spoken_code
from cms.models import Organisation, Region, User
from cms.roles import REGION_ROLES, Role
from cms.services.memberships import grant_role

PASSWORD_FILE = "demo-password"  # noqa: S105  a file's name


@dataclass(frozen=True)
class Part:
    """A role to be played: who, in which organisation (short code), with which name."""

    username: str
    name: str
    role: Role
    organisation: str
    title: str = ""


PARTS = (
    Part("admin", "系统管理员", Role.SYSTEM_ADMIN, "XHRS"),
    Part("jigou", "周敏", Role.ORG_ADMIN, "XH"),
    Part("jiaowu", "何静", Role.PLANNER, "XH"),
    Part("banzhuren", "吴芳", Role.CLASS_TEACHER, "XH"),
    Part("jiangshi", "陈国梁", Role.TRAINER, "XH", "高级技师"),
    Part("jiangshi2", "林秀芬", Role.TRAINER, "XH", "技师"),
    Part("kaoping", "郑立新", Role.ASSESSOR, "XH", "考评员"),
    Part("xuncha", "孙卫国", Role.INSPECTOR, "XHRS"),
    Part("butie", "赵丽华", Role.SUBSIDY_OFFICER, "XHRS"),
    Part("shenpi", "钱志远", Role.APPROVER, "XHRS"),
    Part("shenji", "冯学文", Role.AUDITOR, "XHRS"),
    Part("bianji", "许婷", Role.EDITOR, "XHRS"),
    Part("shequ", "李秀英", Role.COORDINATOR, "XHFL"),
    Part("yunling", "韩雪梅", Role.ORG_ADMIN, "YL"),
    Part("qingshan", "马建平", Role.PLANNER, "QS"),
    Part("qingshan-jiangshi", "罗美玲", Role.TRAINER, "QS", "技师"),
)


@dataclass
class Cast:
    """The accounts by user name, and the password they share."""

    password: str
    # One hash for all: they share the password, and hashing is slow on purpose.
    hashed: str
    users: dict[str, User] = field(default_factory=dict)

    def __getitem__(self, username: str) -> User:
        return self.users[username]

    def trainers(self, organisation: str) -> list[tuple[User, str, str]]:
        """Return account, name and title of the organisation's trainers."""
        return [
            (self[part.username], part.name, part.title)
            for part in PARTS
            if part.role == Role.TRAINER and part.organisation == organisation
        ]


def demo_password() -> str:
    """Return the password of this installation's demo accounts, made at the first call and kept."""
    path = Path(getattr(settings, "VAR_DIR", settings.BASE_DIR / "var")) / PASSWORD_FILE
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(f"{spoken_code(4)}-{spoken_code(4)}-{spoken_code(4)}".lower(), encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()


def add_cast(at: dt.datetime, county: Region) -> Cast:
    """Make the accounts and their memberships."""
    password = demo_password()
    cast = Cast(password, make_password(password))
    organisations = {row.short_code: row for row in Organisation.objects.all()}
    for part in PARTS:
        add_part(cast, part, organisations[part.organisation], county, at)
    return cast


@transaction.atomic
def open_account(cast: Cast, phone: str, name: str, *, at: dt.datetime) -> User:
    """Open somebody's account with the shared password; a slip then says whose it is."""
    user = User(username=f"u{phone}", phone=phone, display_name=name, date_joined=at, password=cast.hashed)
    user.save()
    audit.record("account.create", user, by=None, at=at)
    return user


@transaction.atomic
def add_part(cast: Cast, part: Part, organisation: Organisation, county: Region, at: dt.datetime) -> User:
    """Make one account with its membership."""
    user = User(username=part.username, display_name=part.name, date_joined=at, password=cast.hashed)
    user.save()
    audit.record("account.create", user, by=None, at=at)
    grant_role(
        user,
        part.role,
        organisation,
        by=None,
        at=at,
        regions=[county] if part.role in REGION_ROLES else [],
        valid_from=at.date(),
        valid_until=at.date() + dt.timedelta(days=730) if part.role == Role.AUDITOR else None,
    )
    cast.users[part.username] = user
    return user
