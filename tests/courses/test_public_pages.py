"""The catalogue and the course page as a visitor sees them."""

from __future__ import annotations

import re

import pytest

from courses.importers import read_catalogue
from courses.models import Course, MenuVersion
from courses.panels import NextStart, next_starts
from courses.services.versions import change_course
from tests.courses.conftest import AT

pytestmark = pytest.mark.django_db


def page(client, address: str = "/courses/") -> str:
    answer = client.get(address, headers={"accept-language": "zh-hans"})
    assert answer.status_code == 200
    return answer.content.decode()


def titles(html: str) -> list[str]:
    return re.findall(r'class="course-title"><a href="[^"]+">([^<]+)<', html)


def count_beside(html: str, label: str) -> int:
    found = re.search(
        rf'<span>{label}(?:<span[^>]*>[^<]*</span>)?</span><span class="facet-count">(\d+)', html
    )
    assert found, label
    return int(found[1])


def all_titles(client, query: str) -> list[str]:
    found: list[str] = []
    for number in range(1, 5):
        more = titles(page(client, f"/courses/?{query}&page={number}"))
        if more and more[0] in found:
            break
        found += more
    return found


def test_the_whole_catalogue_is_listed_in_pages(catalogue, client):
    html = page(client)
    assert "一共 28 门课。" in html
    assert len(titles(html)) == 12
    assert len(all_titles(client, "")) == 28
    assert 'href="/courses/jz-001/"' in html
    assert len(html.encode()) < 60_000


def test_every_filter_leaves_the_number_it_promised(catalogue, client):
    html = page(client)
    counts = {
        "大篷车可到": ("caravan=1", 17),
        "岗前": ("type=pre_job", 4),
        "提升": ("type=upskill", 7),
        "回炉": ("type=refresher", 3),
        "五级/初级工": ("level=5", 5),
        "16 学时以内": ("hours=short", 5),
    }
    for label, (query, number) in counts.items():
        assert count_beside(html, label) == number
        assert f"找到 {number} 门课。" in page(client, f"/courses/?{query}")


def test_filters_narrow_one_another_and_choices_of_one_widen(catalogue, client):
    both = page(client, "/courses/?caravan=1&type=pre_job&type=refresher")
    assert "找到 7 门课。" in both
    # The count beside a choice not made is what choosing it would add.
    assert count_beside(both, "通识") == 4
    versions = [row for row in read_catalogue() if row["大篷车"] == "是" and row["类型"] in {"岗前", "回炉"}]
    assert len(versions) == 7


def test_a_made_up_choice_narrows_nothing(catalogue, client):
    assert "一共 28 门课。" in page(client, "/courses/?type=no_such&level=9&menu=TC-99&page=x")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("急救", "居家安全与急救（心肺复苏、烫伤、燃气、防跌倒）"),
        ("jijiu", "居家安全与急救（心肺复苏、烫伤、燃气、防跌倒）"),
        ("JZ-014", "月子餐与产妇营养"),
        ("jz-014", "月子餐与产妇营养"),
        ("月嫂", "母婴护理员（初级）"),
        ("照顾老人", "养老护理员（初级）"),
        ("压疮", "回炉·养老与家庭照护（新规范、压疮、心理）"),
    ],
)
def test_a_course_is_found_by_title_pinyin_code_and_text(catalogue, client, words, expected):
    assert expected in titles(page(client, f"/courses/?q={words}"))


def test_search_and_filters_go_together(catalogue, client):
    html = page(client, "/courses/?q=护理&level=5")
    assert titles(html) and all("初级" in one for one in titles(html))
    assert '<input type="hidden" name="level" value="5">' in html


def test_similar_courses_are_called_similar(catalogue, client):
    html = page(client, "/courses/?q=月嫂护理")
    assert "没有完全对上“月嫂护理”的课，下面是相近的。" in html
    assert titles(html)


def test_an_empty_answer_says_what_to_do(catalogue, client):
    html = page(client, "/courses/?q=zzzz")
    assert "没有找到这样的课" in html
    assert "看全部 28 门课" in html
    assert not titles(html)


def test_what_is_typed_comes_back_escaped(catalogue, client):
    html = page(client, "/courses/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in html


def test_a_menu_lists_its_courses_and_rules(catalogue, client):
    html = page(client, "/courses/?menu=TC-07")
    assert "<h1>两年回炉套餐</h1>" in html
    assert "3 门里选 1 门" in html and "16—40 学时" in html
    assert len(titles(html)) == 4
    overview = page(client)
    for menu in MenuVersion.objects.select_related("menu"):
        assert menu.menu.title in overview
        assert f"?menu={menu.menu.code}" in overview


def test_a_retired_course_leaves_the_menu_and_keeps_its_facts(catalogue, client):
    course = Course.objects.get(code="JZ-028")
    change_course(course, is_on_caravan=False, is_retired=True, by=None, at=AT)
    assert "一共 27 门课。" in page(client)
    assert client.get("/courses/jz-028/").status_code == 404
    assert course.versions.count() == 1
    change_course(course, is_on_caravan=False, is_retired=False, by=None, at=AT)
    assert client.get("/courses/jz-028/").status_code == 200


def test_the_course_page_says_what_one_asks(catalogue, client):
    html = page(client, "/courses/jz-006/")
    for words in (
        "家务服务员（初级）：保洁、洗涤与家电使用",
        "一共 80 学时",
        "<b>24</b> 学时",
        "<b>48</b> 学时",
        "<b>8</b> 学时",
        "农村转移就业劳动者",
        "出勤不少于 80%（64 学时）",
        "理论考试 60 分以上",
        "实操考核 60 分以上，由考评员打分，不是您的老师",
        "不是职业技能等级证书",
        "发培训合格证书",
    ):
        assert words in html
    assert "理论考试" not in page(client, "/courses/jz-003/")
    assert "回炉培训证明" in page(client, "/courses/jz-024/")


def test_the_home_page_offers_the_menus_and_counts_the_courses(catalogue, client):
    html = page(client, "/")
    assert "看全部 28 门课" in html
    assert "两年回炉套餐" in html and "任选 1 门，16 学时起" in html
    assert "3 门课，112 学时" in html


def test_next_starts_of_upper_apps_are_shown(catalogue, client):
    course = Course.objects.get(code="JZ-001")

    def starts(request, ids):
        return {course.pk: NextStart("3月23日", "城关镇公共实训基地", "还有 6 个名额", "good")}

    next_starts.register("test", starts)
    try:
        html = page(client)
    finally:
        del next_starts._items["test"]
    assert "城关镇公共实训基地" in html and "还有 6 个名额" in html
    assert "还没排课" in html
