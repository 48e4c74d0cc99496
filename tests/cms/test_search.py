"""Chinese search: what is typed is found inside longer runs, on both databases alike."""

from __future__ import annotations

import pytest
from wagtail.models import Page

from cms.models import InfoPage
from cms.search.bigram import search_or_similar
from cms.search.words import index_words, pinyin_words, query_words

pytestmark = [pytest.mark.django_db, pytest.mark.both]

TITLES = {
    "a": "高级月嫂护理培训",
    "b": "婴幼儿 月嫂 实操",
    "c": "大嫂的厨房",
    "d": "养老护理员（初级）",
    "e": "王𠅤𣲘老师的课",
    "f": "JZ-011 Python café 课",
    "g": "𬱖村通知",
}


@pytest.fixture
def pages():
    root = Page.get_first_root_node()
    for slug, title in TITLES.items():
        root.add_child(
            instance=InfoPage(
                title=title, slug=f"search-{slug}", body="<p>淑珍来过。</p>" if slug == "d" else ""
            )
        )


def found(words: str, operator: str = "and") -> str:
    hits = InfoPage.objects.live().search(words, operator=operator)
    return "".join(sorted(page.slug.removeprefix("search-") for page in hits))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("月嫂", "ab"),
        ("嫂", "abc"),
        ("月嫂护", "a"),
        ("护理 月嫂", "a"),
        ("护理", "ad"),
        ("淑珍", "d"),
        ("𠅤𣲘", "e"),
        ("𠅤", "e"),
        ("𬱖", "g"),
        ("python", "f"),
        ("Pyth", ""),
        ("JZ-011", "f"),
        ("011", "f"),
        ("CAFE", "f"),
        ("（初级）", "d"),
        ("，", ""),
        ("月嫂的厨房", ""),
        ('\' OR "x" NEAR *', ""),
    ],
)
def test_what_is_typed_is_found(pages, words, expected):
    assert found(words) == expected


def test_typing_ahead_finds_beginnings_and_insides(pages):
    hits = Page.objects.autocomplete("月嫂")
    assert {page.title for page in hits} == {TITLES["a"], TITLES["b"]}
    assert [page.title for page in Page.objects.autocomplete("Pyth")] == [TITLES["f"]]


def test_without_a_full_hit_similar_ones_are_found(pages):
    similar, is_exact = search_or_similar(InfoPage.objects.live(), "月嫂培训")
    assert not is_exact
    assert similar[0].title == TITLES["a"]
    exact, is_exact = search_or_similar(InfoPage.objects.live(), "月嫂护理")
    assert is_exact and [page.title for page in exact] == [TITLES["a"]]


def test_an_edit_is_found_at_once(pages):
    page = InfoPage.objects.get(slug="search-c")
    page.title = "二嫂的菜园"
    page.save()
    assert (found("厨房"), found("菜园")) == ("", "c")


def test_words_do_not_depend_on_the_tokenizer():
    assert query_words("月嫂") == ["u006708u005ac2"]
    assert query_words("嫂") == ["u005ac2"]
    assert index_words("月嫂 X9") == ["u006708", "u005ac2", "u006708u005ac2", "x9"]
    assert "jijiu" in pinyin_words("居家安全与急救（心肺复苏）")
    assert "jiuxin" not in pinyin_words("居家安全与急救（心肺复苏）")
