"""``seed_demo`` and ``setup``: a demo world or a real office in an empty database, never one in the other."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from wagtail.models import Site

from certificates.demo.world import note_whole
from cms.models import AuditEntry, Organisation, Region, SiteSettings, User
from tests.harness.demo import DemoApp, embedded_environment
from tests.journeys.commands import Office, cache_of, office_on_sqlite

# Facts only: what the worker of a running office notes down by itself may grow meanwhile.
COUNTS = (
    "from django.apps import apps; from cms.models import Organisation, Person, User;"
    "models = [Organisation, Person, User, *(m for app in ('courses', 'caravan', 'certificates')"
    " for m in apps.get_app_config(app).get_models())];"
    "print(sorted((m._meta.label, m.objects.count()) for m in models))"
)
REGIONS = (
    "code,name\n980000000000,试点省\n980100000000,试点市\n980101000000,试点县\n980101100000,试点镇\n"
    "980101100001,试点村\n"
)


@pytest.fixture
def office(tmp_path: Path, pytestconfig: pytest.Config) -> Office:
    return office_on_sqlite(tmp_path / "office", cache_of(pytestconfig))


@pytest.fixture
def regions(tmp_path: Path) -> Path:
    path = tmp_path / "regions.csv"
    path.write_text(REGIONS, encoding="utf-8")
    return path


@pytest.fixture
def password(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text("a-long-pass-phrase-7\n", encoding="utf-8")
    return path


def facts(places: Path, secret: Path, **changes: str) -> list[str]:
    values = {
        "regions": str(places), "organisation": "试点县人力资源和社会保障局", "code": "SD", "region": "980101000000",
        "kind": "hr_office", "admin": "root", "password-file": str(secret), **changes,
    }  # fmt: skip
    return [part for name, value in values.items() for part in (f"--{name}", value)]


def test_the_demo_world_is_loaded_once(demo_app: DemoApp) -> None:
    office, printed = Office(demo_app.var, embedded_environment(demo_app.var)), demo_app.printed
    for words in ("已导入 105 人", "撞课被拒", "逐字节相同", "另有班级", "演示账号", "19900010001"):
        assert words in printed, words
    password = (office.var / "demo-password").read_text(encoding="utf-8").strip()
    assert password in printed
    # One process for all that is asked: each start costs three seconds.
    again = "from django.core.management import call_command; call_command('seed_demo')"
    said = office.ask("\n".join([COUNTS, again, COUNTS, _signs_in("jiaowu", password)]))
    before, _, said = said.partition("\n")
    said, after, name = said.rsplit("\n", 2)
    assert "演示数据已经在了。" in said
    assert printed[printed.index("演示账号") :].strip() == said[said.index("演示账号") :].strip(), (
        "another password"
    )
    assert after == before
    assert name == "jiaowu"
    assert (office.var / "demo-password").stat().st_mode & 0o077 == 0


@pytest.mark.django_db
def test_a_world_that_was_not_loaded_to_its_end_is_named() -> None:
    words = SiteSettings.objects.create(site=Site.objects.get(), show_demo_banner=True)
    with pytest.raises(CommandError, match="没有装完"):
        call_command("seed_demo")
    note_whole(timezone.now())
    words.refresh_from_db()
    assert words.demo_loaded_at is not None


def test_a_real_office_takes_no_demo_world(office: Office, regions: Path, password: Path) -> None:
    printed = office.manage("setup", *facts(regions, password), "--catalogue")
    assert "管理员账号是 root" in printed
    commands = (["seed_demo"], ["demo_journey"], ["setup", *facts(regions, password)])
    # One process for all that is asked: each start costs three seconds.
    refused = "try: m.call_command(*{})\nexcept m.CommandError as error: print(error)"
    asked = [
        _signs_in("root", "a-long-pass-phrase-7"), COUNTS, "from django.core import management as m",
        *map(refused.format, commands), COUNTS,
    ]  # fmt: skip
    said = office.ask("\n".join(asked)).splitlines()
    assert (said[0], said[1]) == ("root", said[-1])
    assert "('courses.Course', 28)" in said[1]
    assert "('cms.Person', 0)" in said[1]
    words = "\n".join(said[2:-1])
    assert all(one in words for one in ("有真实机构的数据", "要一个空的数据库", "已经在用了")), words


def test_a_real_office_begins_with_the_national_table(db: None, password: Path) -> None:
    given = facts(Path(), password, region="460105", uscc="11990101MA0DEM0134")
    given = [part for part in given if part not in {"--regions", str(Path())}]
    told = io.StringIO()
    call_command("setup", *given, "--province", "46", stdout=told)
    assert "海南省 海口市 秀英区" in told.getvalue()
    assert Organisation.objects.get().region_code == "460105000000"
    assert set(Region.objects.filter(level=1).values_list("name", flat=True)) == {"海南省"}


REFUSED = {
    "no such file": {"regions": "{folder}/none.csv"},
    "no parent": {"regions": "{folder}/orphan.csv"},
    "no columns": {"regions": "{folder}/columns.csv"},
    "no text": {"regions": "{folder}/binary.csv"},
    "no digits": {"regions": "{folder}/letters.csv"},
    "unknown region": {"region": "970000000000"},
    "unknown kind": {"kind": "palace"},
    "wrong USCC": {"uscc": "123"},
    "weak password": {"password-file": "{folder}/weak"},
    "no password": {"password-file": "{folder}/none"},
    "no name": {"organisation": " "},
    "no code": {"code": " "},
    "a long code": {"code": "X" * 40},
    "no such province": {"province": "97"},
    "a code of signs": {"code": "县/1"},
    "no account name": {"admin": " "},
    "an account name of signs": {"admin": "a b!"},
    "an account name of digits": {"admin": "19900010001"},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED.keys())
def test_wrong_facts_leave_nothing_behind(
    db: None, changes: dict[str, str], regions: Path, password: Path, tmp_path: Path
) -> None:
    (tmp_path / "weak").write_text("1234", encoding="utf-8")
    (tmp_path / "orphan.csv").write_text("code,name\n980101000000,试点县\n", encoding="utf-8")
    (tmp_path / "columns.csv").write_text("number;title\n1;2\n", encoding="utf-8")
    (tmp_path / "letters.csv").write_text("code,name\nabc,试点省\n", encoding="utf-8")
    (tmp_path / "binary.csv").write_bytes(b"PK\x03\x04\xff\xfe\x00")
    before = _rows()
    given = {name: value.format(folder=tmp_path) for name, value in changes.items()}
    with pytest.raises(CommandError) as refusal:
        call_command("setup", *facts(regions, password, **given))
    assert str(refusal.value).strip()
    assert _rows() == before


def _rows() -> dict[str, int]:
    return {model._meta.label: model.objects.count() for model in (User, Organisation, Region, AuditEntry)}


def _signs_in(name: str, password: str) -> str:
    ask = f"authenticate(None, username={name!r}, password={password!r})"
    return f"from django.contrib.auth import authenticate; print({ask}.username)"
