"""Background work on screen: the list with its filters, one job with its outcomes, what can be done about it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cms.demo import load_demo_organisations, load_demo_regions
from cms.enums import FileKind, ItemState, JobState
from cms.jobs import job_kinds
from cms.models import AuditEntry, Job, JobItem, Organisation, User
from cms.roles import Role
from cms.services.files import expire_files, store_file
from cms.services.memberships import grant_role, sync_roles

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def demo() -> dict[str, Organisation]:
    load_demo_regions()
    sync_roles()
    return load_demo_organisations()


def user_with(role: Role, organisation: Organisation, name: str) -> User:
    user = User.objects.create(username=name)
    grant_role(user, role, organisation, by=None, at=NOW)
    return User.objects.get(pk=user.pk)


@pytest.fixture
def planner(demo: dict[str, Organisation]) -> User:
    return user_with(Role.PLANNER, demo["XH"], "planner")


@pytest.fixture
def client(planner: User) -> Client:
    client = Client()
    client.force_login(planner)
    return client


def make_job(user: User, organisation: Organisation, state: JobState = JobState.DONE, **facts: Any) -> Job:
    facts = {"kind": "import_check", "subject_id": "1", "title": "检查花名册 甲.xlsx", "total": 4, **facts}
    return Job.objects.create(
        state=state, created_by=user, organisation=organisation, created_at=NOW, params={}, **facts
    )


def give_items(job: Job, *states: ItemState) -> list[JobItem]:
    return JobItem.objects.bulk_create(
        JobItem(job=job, position=n, key=str(n), label=f"第 {n} 行", state=state, tried_at=NOW)
        for n, state in enumerate(states, start=1)
    )


def page_of(client: Client, job: Job, **query: str) -> str:
    answer = client.get(reverse("caravan_job", args=[job.pk]), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_job_tells_how_its_items_went(client: Client, planner: User, demo: Any) -> None:
    job = make_job(planner, demo["XH"], figures={"done": 2, "refused": 1, "set_aside": 1})
    give_items(job, ItemState.DONE, ItemState.REFUSED, ItemState.SET_ASIDE, ItemState.DONE)
    page = page_of(client, job)
    assert "已处理 4 项，共 4 项。" in page and "完成 2，未通过 1，已搁置 1" in page
    assert "第 2 行" in page and "第 3 行" in page and "第 1 行" not in page
    for name, shown, hidden in (
        ("done", {1, 4}, {2, 3}),
        ("set_aside", {3}, {1, 2, 4}),
        ("refused", {2}, {1, 3, 4}),
        ("all", {1, 2, 3, 4}, set()),
        ("nonsense", {2, 3}, {1, 4}),
    ):
        page = page_of(client, job, items=name)
        assert all(f"第 {n} 行" in page for n in shown) and not any(f"第 {n} 行" in page for n in hidden)


def test_one_item_that_was_set_aside_is_tried_again_by_its_button(
    client: Client, planner: User, demo: Any
) -> None:
    job = make_job(planner, demo["XH"], kind="issue_certificates")
    one, two = give_items(job, ItemState.SET_ASIDE, ItemState.SET_ASIDE)
    page = page_of(client, job)
    assert page.count("这一项再试一次") == 2 and f'name="item" value="{one.pk}"' in page
    address = reverse("caravan_job_retry", args=[job.pk])
    assert client.get(address).status_code == 405
    client.post(address, {"item": str(one.pk)})
    one.refresh_from_db()
    two.refresh_from_db()
    job.refresh_from_db()
    assert (one.state, two.state, job.state) == (ItemState.PENDING, ItemState.SET_ASIDE, JobState.QUEUED)
    assert "正在排队" in page_of(client, job) and "这一项再试一次" not in page_of(client, job)
    answer = client.post(address, follow=True)
    assert "任务结束以后，才能把搁置的项目再试一次。" in answer.content.decode()

    Job.objects.filter(pk=job.pk).update(state=JobState.DONE)
    client.post(address)
    two.refresh_from_db()
    assert two.state == ItemState.PENDING
    assert AuditEntry.objects.filter(action="job.retry", actor_id=planner.pk).count() == 2


def test_what_a_cancelled_job_left_says_so_and_may_go_on(client: Client, planner: User, demo: Any) -> None:
    job = make_job(planner, demo["XH"], JobState.RUNNING, kind="issue_certificates", total=3)
    give_items(job, ItemState.DONE, ItemState.PENDING, ItemState.PENDING)
    client.post(reverse("caravan_job_cancel", args=[job.pk]))
    page = page_of(client, job, items="pending")
    assert "完成 1，已取消 2" in page and "等待" not in page
    client.post(reverse("caravan_job_resume", args=[job.pk]))
    job.refresh_from_db()
    assert job.state == JobState.QUEUED
    assert "完成 1，等待 2" in page_of(client, job)


def test_an_open_job_says_how_long_and_why_it_stands_still(client: Client, planner: User, demo: Any) -> None:
    now = timezone.now()
    lease = now + dt.timedelta(minutes=5)
    job = make_job(planner, demo["XH"], JobState.RUNNING, total=20, runs=1, lease_until=lease)
    give_items(job, *[ItemState.DONE] * 10, *[ItemState.PENDING] * 10)
    job.items.filter(state=ItemState.DONE).update(tried_at=now - dt.timedelta(minutes=5))
    page = page_of(client, job)
    assert "大约还要 5 分钟。" in page and "已处理 10 项，共 20 项。" in page
    job.items.filter(state=ItemState.DONE).update(tried_at=now - dt.timedelta(hours=4))
    assert "大约还要 4 小时。" in page_of(client, job)
    Job.objects.filter(pk=job.pk).update(lease_until=now - dt.timedelta(seconds=1))
    page = page_of(client, job)
    assert "系统会自动从断的地方接着做" in page and "大约还要" not in page
    answer = client.get(reverse("caravan_job", args=[job.pk]), {"items": "all", "still": "1"})
    assert "Refresh" not in answer.headers and "?items=all" in answer.content.decode()


def test_the_result_is_offered_while_it_is_kept(
    client: Client, planner: User, demo: Any, settings: Any
) -> None:
    settings.FILE_KEEP_DAYS = {FileKind.EVIDENCE: 7}
    file = store_file(
        b"x",
        kind=FileKind.EVIDENCE,
        name="结果.csv",
        content_type="text/csv",
        by=planner,
        at=NOW,
        organisation=demo["XH"],
    )
    assert file.expires_at == NOW + dt.timedelta(days=7)
    job = make_job(planner, demo["XH"], result=file)
    address = reverse("caravan_file", args=[file.pk])
    assert address in page_of(client, job)
    expire_files(NOW + dt.timedelta(days=8))
    page = page_of(client, job)
    assert address not in page and "结果文件的保存期过了" in page


def test_after_the_sweep_the_figures_stand_alone(client: Client, planner: User, demo: Any) -> None:
    job = make_job(
        planner, demo["XH"], JobState.CANCELLED, figures={"done": 3, "pending": 1}, items_swept_at=NOW
    )
    page = page_of(client, job)
    assert "完成 3，已取消 1" in page and "清理，只保留统计" in page and "接着做</button>" not in page


def test_the_list_is_filtered_by_state_and_kind(client: Client, planner: User, demo: Any) -> None:
    make_job(planner, demo["XH"], figures={"done": 3, "refused": 1})
    running = make_job(
        planner, demo["XH"], JobState.RUNNING, title="签发证书：乙班", kind="issue_certificates"
    )
    give_items(running, ItemState.DONE, ItemState.PENDING)
    address = reverse("jobs:index")
    page = client.get(address).content.decode()
    assert "甲.xlsx" in page and "乙班" in page and "完成 3，未通过 1" in page and "1 / 4" in page
    for query in ({"kind": "issue_certificates"}, {"state": "running"}):
        page = client.get(address, query).content.decode()
        assert "乙班" in page and "甲.xlsx" not in page


def test_every_kind_has_words() -> None:
    assert [kind.name for kind in job_kinds if not kind.label] == []


def test_others_see_none_of_it(planner: User, demo: Any) -> None:
    job = make_job(planner, demo["XH"])
    give_items(job, ItemState.SET_ASIDE)
    stranger = Client()
    stranger.force_login(user_with(Role.ORG_ADMIN, demo["YL"], "stranger"))
    assert stranger.get(reverse("caravan_job", args=[job.pk])).status_code == 404
    for name in ("cancel", "resume", "retry"):
        assert stranger.post(reverse(f"caravan_job_{name}", args=[job.pk])).status_code == 404
    assert "甲.xlsx" not in stranger.get(reverse("jobs:index")).content.decode()
    colleague = Client()
    colleague.force_login(user_with(Role.ORG_ADMIN, demo["XH"], "colleague"))
    assert colleague.get(reverse("caravan_job", args=[job.pk])).status_code == 200


def test_pages_cost_the_same_at_2_and_at_20_rows(client: Client, planner: User, demo: Any) -> None:
    def cost(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address, {"items": "all"}).status_code == 200
        return len(queries)

    first = make_job(planner, demo["XH"], JobState.RUNNING)
    give_items(first, ItemState.DONE, ItemState.SET_ASIDE)
    make_job(planner, demo["XH"])
    addresses = [reverse("jobs:index"), reverse("caravan_job", args=[first.pk])]
    for address in addresses:
        client.get(address)
    few = [cost(address) for address in addresses]
    for _ in range(18):
        give_items(make_job(planner, demo["XH"], JobState.RUNNING), ItemState.DONE)
    first.items.all().delete()
    give_items(first, *[ItemState.DONE, ItemState.SET_ASIDE] * 10)
    assert [cost(address) for address in addresses] == few
