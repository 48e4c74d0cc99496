"""``manage.py demo_journey``: the whole chain by command, on every database and broker, beside a worker."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.journeys.commands import Office, cache_of, office_on_postgresql, office_on_sqlite

JOBS = "from cms.models import Job; print(sorted(Job.objects.values_list('kind', 'state')))"
SEATS = (
    "from caravan.models import TrainingClass as C;"
    "print(all(c.enrolments.seated().count() <= c.capacity for c in C.objects.all()))"
)
NUMBERS = (
    "from certificates.issuing.models import Certificate as C;"
    "print([int(n[-6:]) for n in C.objects.order_by('number').values_list('number', flat=True)])"
)


@contextmanager
def sqlite(request: pytest.FixtureRequest, var: Path) -> Iterator[Office]:
    yield office_on_sqlite(var, cache_of(request.config))


@contextmanager
def postgresql_redis(request: pytest.FixtureRequest, var: Path) -> Iterator[Office]:
    # A numbered database of its own: other tests' workers listen on the first one.
    broker = request.getfixturevalue("redis_url").rpartition("/")[0] + "/7"
    server, cache = request.getfixturevalue("postgres_url"), cache_of(request.config)
    with office_on_postgresql(var, server, broker, cache) as office:
        yield office


@contextmanager
def postgresql_rabbitmq(request: pytest.FixtureRequest, var: Path) -> Iterator[Office]:
    broker = request.getfixturevalue("rabbitmq_url")
    server, cache = request.getfixturevalue("postgres_url"), cache_of(request.config)
    with office_on_postgresql(var, server, broker, cache) as office:
        yield office


# The quick suite tells the story by ``seed_demo`` on SQLite, and through the screens on PostgreSQL with Redis.
@pytest.mark.deep
@pytest.mark.parametrize("place", [sqlite, postgresql_redis, postgresql_rabbitmq])
def test_the_chain_by_command_beside_a_worker(
    place: Callable[..., Iterator[Office]], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with place(request, tmp_path / "office") as office:
        with office.worker() as log:
            printed = office.manage("demo_journey")
            assert "carry_out_job" in log.read_text(encoding="utf-8"), "the worker heard of no job"
        _check_what_it_said(printed)
        _check_what_is_there(office, printed)


def _check_what_it_said(printed: str) -> None:
    assert "课程 28 门，套餐 7 个" in printed
    assert "花名册 420 行：可导入 420，不能导入 0；已导入 420 人" in printed
    assert "凭条开通账号 10 个，社区协调员代办 3 人" in printed
    assert "撞课被拒：没有排上" in printed
    assert "备案：已备案" in printed
    seats = _found(r"名额 (\d+)，在册 (\d+)，候补 (\d+)", printed)
    assert seats[0] == seats[1] == "36"
    assert int(seats[2]) > 0
    done, left = map(int, _found(r"合格 (\d+) 人，未合格 (\d+) 人", printed))
    assert done + left == 36
    assert left > 0
    records, made = map(int, _found(r"合格记录 (\d+)，签发证书 (\d+) 张", printed))
    assert (records, made) == (done, done - 1), "one name has a character that no font draws"
    assert "缺字：\U00030041（U+30041）" in printed
    assert "已撤销，查验页仍看得到" in printed
    assert len(re.findall(r"g  \d{4}-\d\d-\d\d 回炉：", printed)) == 2
    rows, amount = _found(r"批次 BT-990101-\d{4}-0001：(\d+) 人次，([\d.]+) 元；再次下载逐字节相同", printed)
    assert int(rows) > 0
    assert float(amount) > 0
    assert "全程走通" in printed


def _check_what_is_there(office: Office, printed: str) -> None:
    made = int(_found(r"签发证书 (\d+) 张", printed)[0])
    assert office.ask(NUMBERS) == str(list(range(1, made + 1)))
    # The villages' table and the roster, each checked and applied; the certificates.
    imported = [("import_apply", "done")] * 2 + [("import_check", "done")] * 2
    assert office.ask(JOBS) == str([*imported, ("issue_certificates", "done")])
    assert office.ask(SEATS) == "True"
    assert "演示数据已经在了。" in office.manage("seed_demo")
    assert "要一个空的数据库" in office.manage("demo_journey", refused=True)


def _found(pattern: str, text: str) -> tuple[str, ...]:
    match = re.search(pattern, text)
    assert match, f"{pattern} is not in:\n{text}"
    return match.groups()
