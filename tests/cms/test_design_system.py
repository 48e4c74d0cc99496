"""The design system: words for dates and figures, states, form fields, menus and error pages."""

from __future__ import annotations

import datetime as dt
import logging
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django import forms
from django.conf import settings
from django.db import DatabaseError, models
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from cms.enums import JobState
from cms.models import Job, SiteSettings
from cms.navigation import MenuEntry, links_for
from cms.registry import Registry
from cms.ui import dates, figures, register_state_colours, states
from cms.views import errors, site

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST, LAST = dt.date(2026, 3, 14), dt.date(2026, 3, 15)
SPRITE = settings.BASE_DIR / "cms" / "static" / "cms" / "icons.svg"


def show(source: str, **values: object) -> str:
    return Template("{% load ui %}" + source).render(Context(values))


# Dates and figures -----------------------------------------------------------


@pytest.fixture
def in_2026():
    with time_machine.travel(dt.datetime(2026, 3, 1, tzinfo=SHANGHAI), tick=False):
        yield


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("zh-hans", ["3月14日（周六）", "2026年3月14日", "3月14日（周六）—15日（周日）", "3月14日—15日"]),
        ("en", ["Sat 14 March", "14 March 2026", "Sat 14 – Sun 15 March", "14 – 15 March"]),
    ],
)
def test_it_says_days_in_the_language_of_the_page(in_2026, language, expected):
    with translation.override(language):
        said = [
            dates.day(FIRST),
            dates.full_date(FIRST),
            dates.day_range(FIRST, LAST),
            dates.day_span(FIRST, LAST),
        ]
    assert said == expected


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (FIRST, "3月14日（周六）"),
        (None, "3月14日（周六）"),
        (dt.date(2026, 4, 2), "3月14日（周六）—4月2日（周四）"),
        (dt.date(2027, 4, 2), "2026年3月14日（周六）—2027年4月2日（周五）"),
    ],
)
def test_a_range_says_month_and_year_only_where_they_change(in_2026, last, expected):
    assert dates.day_range(FIRST, last) == expected


def test_another_year_is_named(in_2026):
    assert dates.day(dt.date(2025, 12, 31)) == "2025年12月31日（周三）"


def test_a_cell_of_a_list_says_days_and_leaves_the_rest(in_2026):
    moment = dt.datetime(2026, 11, 22, 16, 5, tzinfo=dt.UTC)
    with translation.override("en"):
        shown = [
            Template("{% include 'wagtailadmin/tables/cell.html' %}").render(
                Context({"column": {}, "value": value})
            )
            for value in (dt.date(2027, 11, 22), moment, "Nov. 22 & after")
        ]
    assert ["22 November 2027" in shown[0], "23 November 2026 0:05" in shown[1]] == [True, True]
    assert "Nov. 22 &amp; after" in shown[2]


def test_an_instant_is_shown_on_the_local_day_and_clock(in_2026):
    late = dt.datetime(2026, 3, 13, 17, 5, tzinfo=dt.UTC)
    assert (dates.day(late), dates.clock(late)) == ("3月14日（周六）", "1:05")
    assert dates.time_range(dt.time(8, 30), dt.time(11, 45)) == "8:30—11:45"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(16, "16"), ("16.0", "16"), (1.5, "1.5"), ("80.00", "80"), (100, "100"), (1200, "1,200"), ("", "")],
)
def test_hours_lose_only_zeros_behind_the_point(value, expected):
    assert figures.hours(value) == expected


def test_money_and_shares():
    assert figures.yuan(22400) == "22,400.00"
    assert (figures.percent_of(74, 80), figures.percent_of(1, 0)) == ("92.5%", "")


def test_a_stacked_bar_fills_its_width_and_leaves_out_nothing_learned():
    pieces = figures.segments([("theory", 24), ("practice", 48), ("community", 0)])
    assert [piece.tone for piece in pieces] == ["theory", "practice"]
    assert float(pieces[-1].x) + float(pieces[-1].width) == pytest.approx(1000, abs=0.2)


# States ----------------------------------------------------------------------


class Sample(models.TextChoices):
    DRAFT = "draft", "草稿"
    PAID = "paid", "已拨付"


def test_a_state_is_shown_in_its_registered_tone(monkeypatch):
    monkeypatch.setattr(states, "_tones", {})
    register_state_colours(Sample, {Sample.PAID: "good"})
    assert "c-tag-good" in show("{% status state %}", state=Sample.PAID)
    assert "c-tag-neutral" in show("{% status state %}", state=Sample.DRAFT)
    with pytest.raises(ValueError, match="registered already"):
        register_state_colours(Sample, {})


def test_a_stored_value_finds_the_vocabulary_of_its_app(monkeypatch):
    monkeypatch.setattr(states, "_tones", {})
    register_state_colours(JobState, {JobState.DONE: "good"})
    html = show("{% status job %}", job=Job(state=JobState.DONE.value))
    assert "c-tag-good" in html
    assert str(JobState.DONE.label) in html


def test_an_unknown_tone_or_value_is_refused_at_registration(monkeypatch):
    monkeypatch.setattr(states, "_tones", {})
    with pytest.raises(ValueError, match="unknown tone"):
        register_state_colours(Sample, {Sample.PAID: "green"})
    with pytest.raises(ValueError, match="lost"):
        register_state_colours(Sample, {"lost": "bad"})


# Forms -----------------------------------------------------------------------


class SignUp(forms.Form):
    name = forms.CharField(label="姓名", help_text="和身份证上一样")
    id_no = forms.CharField(label="身份证号", help_text="18 位")
    on = forms.DateField(label="哪天", widget=forms.DateInput)
    work = forms.ChoiceField(
        label="做家政吗", widget=forms.RadioSelect, choices=[("a", "在做"), ("b", "想做")]
    )
    agree = forms.BooleanField(label="我同意")

    def clean_id_no(self) -> str:
        raise forms.ValidationError("少了一位 <17>")


@pytest.fixture
def refused_form():
    form = SignUp({"name": "王桂花", "id_no": "99999919730415122", "on": "2026-03-14"})
    form.is_valid()
    return form


def test_the_message_stands_between_hint_and_field_and_the_value_stays(refused_form):
    html = show("{% field form.id_no %}", form=refused_form)
    assert html.index("18 位") < html.index("少了一位 &lt;17&gt;") < html.index("<input")
    assert 'value="99999919730415122"' in html
    assert 'aria-describedby="id_id_no_helptext id_id_no_error"' in html
    assert 'aria-invalid="true"' in html


def test_a_date_is_the_native_picker_with_an_iso_value():
    form = SignUp(initial={"on": FIRST})
    html = show("{% field form.on %}", form=form)
    assert 'type="date"' in html
    assert 'value="2026-03-14"' in html


def test_every_link_of_the_summary_leads_to_a_field(refused_form):
    fields = "".join("{% field form." + name + " %}" for name in refused_form.fields)
    html = show("{% error_summary form %}" + fields, form=refused_form)
    targets = re.findall(r'href="#([^"]+)"', html)
    assert len(targets) == 3
    assert all(f'id="{target}"' in html for target in targets)


def test_an_empty_field_is_named_in_its_message(refused_form):
    html = show("{% error_summary form %}{% field form.work %}", form=refused_form)
    assert html.count("请选“做家政吗”。") == 2
    assert "请勾选“我同意”。" in html


def test_attributes_given_to_the_tag_are_escaped(refused_form):
    html = show("{% field form.name placeholder=words %}", form=refused_form, words='"><b>')
    assert "<b>" not in html


# Menus -----------------------------------------------------------------------


def test_a_menu_leaves_out_addresses_that_do_not_exist_and_entries_not_for_the_visitor():
    menu: Registry[MenuEntry] = Registry("test menu")
    menu.register("later", MenuEntry("后", path="/later/", order=2))
    menu.register("absent", MenuEntry("无", url_name="no_such:address"))
    menu.register("hidden", MenuEntry("藏", path="/hidden/", is_shown=lambda user: user.is_authenticated))
    menu.register("first", MenuEntry("先", path="/first/", order=1))
    links = links_for(menu, RequestFactory().get("/later/x/"))
    assert [(link.label, link.is_current) for link in links] == [("先", False), ("后", True)]


# Reader's settings -----------------------------------------------------------


def test_larger_text_is_kept_for_a_year_and_forgotten_on_wish():
    post = RequestFactory().post("/text-size/", {"size": "large", "next": "/stops/"})
    response = site.set_text_size(post)
    assert (response.status_code, response["Location"]) == (302, "/stops/")
    assert response.cookies["text_size"]["max-age"] == 365 * 24 * 3600
    back = site.set_text_size(RequestFactory().post("/text-size/", {"size": "normal"}))
    assert back.cookies["text_size"]["max-age"] == 0


def test_the_way_back_never_leads_to_another_site():
    post = RequestFactory().post("/text-size/", {"size": "large", "next": "https://elsewhere.example/"})
    assert site.set_text_size(post)["Location"] == "/"
    assert site.set_text_size(RequestFactory().get("/text-size/")).status_code == 405


# Error pages -----------------------------------------------------------------


@pytest.fixture
def request_of_a_visitor():
    return RequestFactory().get("/v/secret-token/")


@pytest.mark.django_db
def test_an_error_page_names_the_code_that_the_log_knows_and_no_path(request_of_a_visitor, caplog):
    with caplog.at_level(logging.WARNING, logger="cms.views.errors"):
        response = errors.not_found(request_of_a_visitor, Exception())
    code = re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", response.content.decode())
    assert response.status_code == 404
    assert code
    assert code.group() in caplog.text
    assert "secret-token" not in caplog.text


@pytest.mark.django_db
def test_too_large_says_the_limit(request_of_a_visitor):
    response = errors.render_too_large(request_of_a_visitor, 20 * 1024 * 1024)
    assert response.status_code == 413
    assert "20 MB" in response.content.decode()


@pytest.mark.django_db
def test_wrong_method_and_too_many_keep_their_headers(request_of_a_visitor):
    not_allowed = errors.render_not_allowed(request_of_a_visitor, ["POST"])
    assert (not_allowed.status_code, not_allowed["Allow"]) == (405, "POST")
    too_many = errors.render_too_many(request_of_a_visitor, 61)
    assert (too_many.status_code, too_many["Retry-After"]) == (429, "61")
    assert "2 分钟" in too_many.content.decode()


def test_the_500_page_comes_out_without_a_database(request_of_a_visitor, monkeypatch):
    def broken(request):
        raise DatabaseError

    monkeypatch.setattr(SiteSettings, "read_for", broken)
    response = errors.server_error(request_of_a_visitor)
    assert response.status_code == 500
    assert "以前办好的都还在" in response.content.decode()


@pytest.mark.django_db
def test_site_words_come_from_the_settings_and_reading_writes_nothing(
    request_of_a_visitor, django_assert_max_num_queries
):
    before = SiteSettings.objects.count()
    with django_assert_max_num_queries(2):
        found = SiteSettings.read_for(request_of_a_visitor)
    assert found.help_phone == ""
    assert SiteSettings.objects.count() == before


def test_a_telephone_link_holds_digits_only():
    assert SiteSettings(help_phone="0000-812 3456").help_phone_link == "00008123456"


# The drawings and the templates ----------------------------------------------


def _templates() -> list[Path]:
    apps = ("cms", "courses", "caravan", "certificates")
    return [path for app in apps for path in (settings.BASE_DIR / app).rglob("templates/**/*.html")]


def test_every_drawing_named_in_a_template_is_in_the_sprite():
    known = set(re.findall(r'<symbol id="([^"]+)"', SPRITE.read_text()))
    used = {
        (path.name, name)
        for path in _templates()
        for name in re.findall(r"""{%\s*(?:icon|sprite)\s+["']([^"']+)["']""", path.read_text())
    }
    assert used
    assert {pair for pair in used if pair[1] not in known} == set()


def test_the_stylesheet_of_the_phone_pages_stays_small():
    assert (settings.BASE_DIR / "cms" / "static" / "cms" / "caravan.css").stat().st_size <= 40 * 1024
