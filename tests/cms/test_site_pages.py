"""News and pages of blocks; who writes, who approves; text size; the pages for what went wrong."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.images import ImageFile
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from PIL import Image as Drawing
from wagtail.blocks.struct_block import StructBlockValidationError
from wagtail.images import get_image_model
from wagtail.models import Page

from cms.demo_site import load_demo_pages
from cms.models import HomePage, InfoPage, NewsIndexPage, NewsPage, Organisation, SiteSettings, User
from cms.roles import Role
from cms.services.memberships import grant_role, sync_roles
from cms.services.site import publish_news, publish_news_index, set_site_words
from cms.views import errors

pytestmark = pytest.mark.django_db

AT = timezone.now()


def member(name: str, role: Role) -> User:
    school, _new = Organisation.objects.get_or_create(
        name="星河县人社局", short_code="XHRS", region_code="990101000000"
    )
    user = User.objects.create_user(name)
    grant_role(user, role, school, by=None, at=AT, valid_from=dt.date(2020, 1, 1))
    return user


def add_news(count: int, since: int = 0) -> None:
    for number in range(since, since + count):
        publish_news(
            f"n{number}", f"第 {number} 条", "一句话", [("text", "<p>正文</p>")],
            news_date=dt.date(2026, 1, 1) + dt.timedelta(days=number), by=None, at=AT,
        )  # fmt: skip


def test_home_shows_the_latest_three_and_the_list_pages(client: Client) -> None:
    add_news(12)
    home = client.get("/").content.decode()
    assert [f"第 {number} 条" in home for number in (11, 10, 9, 8)] == [True, True, True, False]
    first = client.get("/news/").content.decode()
    assert "第 11 条" in first
    assert "第 1 条" not in first
    assert "第 1 条" in client.get("/news/?page=2").content.decode()
    NewsPage.objects.get(slug="n11").unpublish()
    assert "第 11 条" not in client.get("/").content.decode()


def test_lists_of_news_are_flat(client: Client, django_assert_max_num_queries: Any) -> None:
    counts = []
    for since, more in ((0, 2), (2, 8)):
        add_news(more, since)
        client.get("/news/")  # the site's root paths are read once
        with django_assert_max_num_queries(20) as seen:
            client.get("/news/")
        with django_assert_max_num_queries(40) as home:
            client.get("/")
        counts.append((len(seen), len(home)))
    assert counts[0][0] == counts[1][0]
    assert counts[1][1] <= counts[0][1] + 1, "the third piece of news costs no query of its own"


def test_every_block_is_served_light_and_without_style(client: Client, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    file = io.BytesIO()
    Drawing.effect_noise((2400, 3200), 60).convert("RGB").save(file, "JPEG")
    image = get_image_model().objects.create(title="photo", file=ImageFile(file, "photo.jpg"))
    publish_news(
        "all", "各种块", "一句话",
        [
            ("text", "<h2>小标题</h2><p>正文</p>"),
            ("picture", {"image": image.pk, "alternative": "学员在灶前切菜", "caption": "红旗村"}),
            ("notice", {"tone": "warn", "title": "先看日期", "text": "证书上写着"}),
            ("steps", {"heading": "怎么办", "steps": [{"title": "一", "text": ""}, {"title": "二", "text": "慢慢来"}]}),
            ("phone", {"who": "服务台", "phone": "0000-812 3456", "hours": "每天"}),
            ("quote", {"words": "学得会", "speaker": "学员"}),
        ],
        news_date=dt.date(2026, 1, 1), by=None, at=AT,
    )  # fmt: skip
    text = client.get("/news/all/").content.decode()
    assert 'alt="学员在灶前切菜"' in text
    assert 'loading="lazy"' in text
    assert 'href="tel:00008123456"' in text
    assert "style=" not in text
    assert len(text.encode()) < 40_000
    small = image.renditions.get(filter_spec__contains="360x720")
    assert (small.width, small.height) <= (360, 720)
    answer = client.get(small.url)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/webp"
    assert client.get("/media/images/../secret").status_code == 400, "nothing beside the pictures is served"


@pytest.mark.parametrize(
    ("block", "value", "field"),
    [
        ("picture", {"image": None, "alternative": "", "caption": ""}, "alternative"),
        ("phone", {"who": "服务台", "phone": "问村长", "hours": ""}, "phone"),
    ],
)
def test_a_block_refuses_what_nobody_can_use(block: str, value: dict[str, Any], field: str) -> None:
    asked = NewsPage._meta.get_field("content").stream_block.child_blocks[block]
    with pytest.raises(StructBlockValidationError) as refused:
        asked.clean(asked.to_python(value))
    assert field in refused.value.block_errors


def test_pages_go_only_where_they_belong() -> None:
    assert NewsPage.allowed_parent_page_models() == [NewsIndexPage]
    assert NewsIndexPage.allowed_parent_page_models() == [HomePage]
    assert set(InfoPage.allowed_subpage_models()) == {InfoPage}
    assert HomePage.allowed_parent_page_models() == [Page]


def test_the_demo_pages_stand(client: Client) -> None:
    load_demo_pages(by=User.objects.create_user("editor"), at=AT)
    home = client.get("/").content.decode()
    for words in ("怎么报名", "大篷车是什么", "有事找谁", "全部新闻"):
        assert words in home
    for page in [*NewsPage.objects.all(), *InfoPage.objects.all()]:
        assert client.get(page.url).status_code == 200
    assert InfoPage.objects.live().search("协调员代报").count() == 1


@pytest.fixture
def index() -> NewsIndexPage:
    sync_roles()
    return publish_news_index(by=None, at=AT)


def news_form(**more: str) -> dict[str, str]:
    return {
        "title": "大篷车要来了", "slug": "coming", "news_date": "2026-03-01", "intro": "一句话",
        "content-count": "1", "content-0-deleted": "", "content-0-order": "0", "content-0-type": "notice",
        "content-0-id": "", "content-0-value-tone": "info", "content-0-value-title": "报名不要钱",
        "content-0-value-text": "", "comments-TOTAL_FORMS": "0", "comments-INITIAL_FORMS": "0",
        "comments-MIN_NUM_FORMS": "0", "comments-MAX_NUM_FORMS": "", **more,
    }  # fmt: skip


def test_an_editor_submits_and_the_administrator_approves(client: Client, index: NewsIndexPage) -> None:
    editor, admin = member("editor", Role.EDITOR), member("admin", Role.SYSTEM_ADMIN)
    client.force_login(editor)
    add = reverse("wagtailadmin_pages:add", args=["cms", "newspage", index.pk])
    assert client.get(add).status_code == 200
    client.post(add, news_form(**{"action-publish": "1"}))
    assert not NewsPage.objects.filter(live=True).exists(), "an editor cannot publish, whatever is sent"
    NewsPage.objects.all().delete()
    client.post(add, news_form(**{"action-submit": "1"}))
    page = NewsPage.objects.get()
    assert not page.live
    assert page.workflow_in_progress
    step = page.current_workflow_task_state
    approve = reverse("wagtailadmin_pages:workflow_action", args=[page.pk, "approve", step.pk])
    client.post(approve)
    page.refresh_from_db()
    assert not page.live, "an editor cannot approve"
    client.force_login(admin)
    assert "网站消息等审核" in client.get("/admin/").content.decode()
    client.post(approve)
    page.refresh_from_db()
    assert page.live
    client.logout()
    assert "报名不要钱" in client.get("/news/coming/").content.decode()


def test_who_has_no_part_in_the_site_has_no_page_rights(client: Client, index: NewsIndexPage) -> None:
    client.force_login(member("planner", Role.PLANNER))
    add = reverse("wagtailadmin_pages:add", args=["cms", "newspage", index.pk])
    assert client.get(add).status_code == 403
    assert client.get("/admin/site-guide/").status_code == 403


def test_an_editor_sees_the_guide_and_nothing_of_people(client: Client, index: NewsIndexPage) -> None:
    client.force_login(member("editor", Role.EDITOR))
    guide = client.get("/admin/site-guide/").content.decode()
    assert "替代文字" in guide
    assert reverse("wagtailadmin_pages:add", args=["cms", "newspage", index.pk]) in guide
    assert client.get("/admin/people/").status_code == 403
    assert "/admin/site-guide/" in client.get("/admin/").content.decode()


def test_an_ended_role_edits_nothing_more(client: Client, index: NewsIndexPage) -> None:
    editor = member("editor", Role.EDITOR)
    editor.memberships.update(valid_until=timezone.localdate() - dt.timedelta(days=1))
    client.force_login(editor)
    add = reverse("wagtailadmin_pages:add", args=["cms", "newspage", index.pk])
    assert client.get(add).status_code in {302, 403}


@pytest.mark.parametrize(("size", "kept"), [("large", "large"), ("larger", "larger"), ("huge", "")])
def test_the_text_size_is_kept_and_shown(client: Client, size: str, kept: str) -> None:
    client.force_login(User.objects.create_user("wang"))
    client.post("/text-size/", {"size": size, "next": "/me/"})
    text = client.get("/me/").content.decode()
    assert (f'data-text="{kept}"' in text) is bool(kept)
    assert f'value="{kept or "normal"}" aria-pressed="true"' in text


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 429])
def test_every_error_page_has_a_way_on_and_a_phone(
    client: Client, status: int, language: str, rf: Any
) -> None:
    publish_news_index(by=None, at=AT)
    set_site_words(by=None, at=AT, help_phone="0000-812 3456")
    request = rf.get("/x/")
    request.user, request.resolver_match = AnonymousUser(), None
    with translation.override(language):
        answer = {
            400: lambda: errors.bad_request(request, Exception()),
            403: lambda: errors.forbidden(request, Exception()),
            404: lambda: errors.not_found(request, Exception()),
            405: lambda: errors.render_not_allowed(request, ["POST"]),
            413: lambda: errors.render_too_large(request, 20 * 1024 * 1024),
            429: lambda: errors.render_too_many(request, 90),
        }[status]()
    text = answer.content.decode()
    assert answer.status_code == status
    assert 'href="tel:00008123456"' in text
    assert 'href="/"' in text
    assert f'lang="{"en" if language == "en" else "zh-Hans"}"' in text


def test_the_page_of_a_fault_comes_out_without_a_database(rf: Any, monkeypatch: Any) -> None:
    def down(request: Any) -> SiteSettings:
        raise OperationalError("down")

    monkeypatch.setattr(SiteSettings, "read_for", down)
    request = rf.get("/x/")
    request.resolver_match = None
    with connection.execute_wrapper(_refuse):
        answer = errors.server_error(request)
    assert answer.status_code == 500
    assert "我们这边出了毛病" in answer.content.decode()


def _refuse(*args: Any) -> None:
    raise OperationalError("down")
