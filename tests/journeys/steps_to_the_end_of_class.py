"""Steps a to e: from the catalogue to the end of the class."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from caravan.enums import ClassState, EnrolmentState, SessionKind
from caravan.models import TrainingClass
from certificates.demo.invented import ROSTER
from cms.identity import demo_number
from cms.models import Person
from tests.journeys.journey import CAPACITY, FROM_ROSTER, TITLE, Journey
from tests.journeys.screens import fill, follow, go, job_done, on, picture, press, says


def a_find_a_course(story: Journey) -> None:
    """月嫂 finds the courses that people call so."""
    phone = story.screens.phone_of("田小雨")
    go(phone, "wagtail_serve", "")
    picture(phone, "a1-home-phone")
    phone.goto("/courses/")
    phone.get_by_role("searchbox").fill("月嫂")
    press(phone, "找课")
    says(phone, "母婴护理员（高级）")
    picture(phone, "a2-courses-phone")
    follow(phone, "母婴护理员（高级）")
    says(phone, "64 学时")
    picture(phone, "a3-course-phone")


def b_bring_in_the_roster(story: Journey) -> None:
    """Upload, dry run by the worker, preview, confirmation, result."""
    desk = story.screens.at_desk("jiaowu")
    picture(desk, "b0-home-desk")
    go(desk, "imports:index")
    follow(desk, "上传花名册")
    desk.locator('input[type="file"]').set_input_files(str(ROSTER))
    picture(desk, "b1-upload-desk")
    press(desk, "上传并检查")
    job_done(desk, "看导入结果").click()
    says(desk, "420 行", "第 2 行")
    picture(desk, "b2-preview-desk")
    press(desk, "确认导入 420 人")
    job_done(desk, "看导入结果")
    picture(desk, "b3-job-desk")
    follow(desk, "看导入结果")
    says(desk, "已导入 420 人。")
    picture(desk, "b4-result-desk")
    story.people = list(
        Person.objects.filter(import_rows_of__isnull=False).order_by("import_rows_of__number")
    )
    assert len(story.people) == 420


def b_give_accounts(story: Journey) -> None:
    """A slip made at the desk opens an account on the phone; a coordinator is entrusted with two."""
    desk, first = story.screens.at_desk("jiaowu"), story.people[0]
    go(desk, "people:inspect", first.pk)
    picture(desk, "b5-person-desk")
    press(desk, "开一张凭条")
    code = desk.locator(".code").inner_text()
    picture(desk, "b6-slip-desk")
    phone = story.screens.phone_of("slip")
    go(phone, "account:sign_in")
    follow(phone, "手里有凭条")
    phone.get_by_label("凭条上的 8 位码").fill(code.lower())
    picture(phone, "b7-slip-phone")
    press(phone, "下一步")
    says(phone, first.legal_name)
    phone.get_by_label("手机号").fill("19900010001")
    phone.get_by_label("设一个密码").fill("xinghe-2026-a")
    picture(phone, "b8-slip-account-phone")
    press(phone, "开账号并绑定")
    says(phone, f"{first.legal_name}，您好")
    picture(phone, "b9-me-empty-phone")
    for person in story.people[1:3]:
        go(desk, "people:delegate", person.pk)
        fill(desk, account="李秀英")
        desk.get_by_label("我看过本人签的书面委托").check()
        press(desk, "保存")
        says(desk, "记下了。", "社区代办")


def c_open_a_class_at_a_stop(story: Journey) -> None:
    """A tour, its stop, a class from a menu, staff, a timetable; a clash is refused with its reason."""
    desk, first, last = story.screens.at_desk("jiaowu"), story.day(2), story.day(1)
    go(desk, "tours:add")
    fill(desk, title="青山乡巡回", vehicle="大篷车一号", starts_on=first, ends_on=last)
    picture(desk, "c1-tour-desk")
    _save(desk)
    go(desk, "stops:add")
    fill(
        desk, tour="青山乡巡回", venue="红旗村妇女之家", starts_on=first, ends_on=last, contact_name="李秀英",
        contact_phone="0000-812 6620", expected_people=40, audience="全体村民", notes="身份证",
    )  # fmt: skip
    picture(desk, "c2-stop-desk")
    _save(desk)
    go(desk, "classes:add")
    picture(desk, "c3-pick-menu-desk")
    follow(desk, "大篷车两日套餐")
    fill(
        desk, title=TITLE, stop="红旗村", venue="红旗村妇女之家", starts_on=first, ends_on=last,
        enrol_until=f"{first}T08:00", capacity=CAPACITY,
    )  # fmt: skip
    assert desk.get_by_role("checkbox", name="居家安全与急救").is_checked()
    picture(desk, "c4-open-class-desk")
    press(desk, "建立班级")
    says(desk, "报备前还差", "还没有班主任。")
    story.opened = TrainingClass.objects.get(title=TITLE)
    for role, name in (("班主任", "吴芳"), ("讲师", "陈国梁"), ("考评员", "郑立新")):
        fill(desk, role=role, user=name)
        press(desk, "加上")
    follow(desk, "按学时自动排课")
    fill(desk, trainer="陈国梁")
    picture(desk, "c5-plan-desk")
    press(desk, "排课")
    says(desk, "排好了")
    _meet_a_clash(story, desk)


def _meet_a_clash(story: Journey, desk: Any) -> None:
    taken = story.training_class.sessions.order_by("starts_at")[0]
    before = story.training_class.sessions.count()
    follow(desk, "排一节课")
    fill(
        desk, what="讲座", content="公开讲座", day=timezone.localdate(taken.starts_at),
        starts=f"{timezone.localtime(taken.starts_at):%H:%M}", ends=f"{timezone.localtime(taken.ends_at):%H:%M}",
        hours=0, trainer="陈国梁",
    )  # fmt: skip
    press(desk, "排上")
    says(desk, "没有排上", "换个时间就行")
    picture(desk, "c6-clash-desk")
    assert story.training_class.sessions.count() == before
    follow(desk, "不改了")


def c_file_it(story: Journey) -> None:
    """The planner files, the officer accepts."""
    desk = story.screens.at_desk("jiaowu")
    picture(desk, "c7-class-desk")
    press(desk, "报备开班")
    says(desk, "报上去了")
    officer = story.screens.at_desk("butie")
    go(officer, "filings:index")
    picture(officer, "c8-filings-desk")
    follow(officer, TITLE)
    fill(officer, remarks="材料齐全，准予备案。")
    picture(officer, "c9-filing-desk")
    press(officer, "准予备案")
    says(officer, "准予备案")
    assert story.training_class.state == ClassState.FILED


def d_enrol(story: Journey) -> None:
    """By phone, by the coordinator, from the roster in one call; who comes late waits in order."""
    _sign_up_and_enrol(story)
    phone = story.screens.phone_of("slip")
    go(phone, "caravan:enrol", story.training_class.class_no)
    press(phone, "提交报名")
    _agree(phone)
    press(phone, "提交报名")
    says(phone, "报上了")
    first, second = story.people[1:3]
    _enrol_by_coordinator(story, first, "报上了")
    desk = story.screens.at_desk("jiaowu")
    go(desk, "classes:inspect", story.training_class.pk)
    follow(desk, "从花名册报名")
    desk.locator("#id_roster").select_option(index=1)
    press(desk, "找")
    wanted = [f"#person-{person.pk}" for person in story.people[3 : 3 + FROM_ROSTER]]
    for box in wanted:
        desk.locator(box).check()
    desk.get_by_label("选中的人都在纸上签过字").check()
    picture(desk, "d5-enrol-many-desk")
    press(desk, "给选中的人报名")
    seated = CAPACITY - 3
    says(desk, f"报上了 {seated}", f"候补 {FROM_ROSTER - seated}")
    picture(desk, "d6-outcomes-desk")
    _enrol_by_coordinator(story, second, f"您是候补 {FROM_ROSTER - seated + 1} 号")
    enrolments = story.training_class.enrolments
    assert enrolments.filter(state=EnrolmentState.ENROLLED).count() == CAPACITY
    assert enrolments.filter(state=EnrolmentState.WAITING).count() == FROM_ROSTER - seated + 1
    go(desk, "caravan_class_enrolments", story.training_class.pk)
    says(desk, f"名额 {CAPACITY}，已占 {CAPACITY}，候补 {FROM_ROSTER - seated + 1}")
    picture(desk, "d8-list-desk")


def _agree(phone: Any) -> None:
    """Read what is asked before the first enrolment, and agree."""
    says(phone, "请看一看、点同意")
    for title in ("隐私说明", "培训登记同意书"):
        phone.get_by_label(f"我看过《{title}》，同意").check()
    picture(phone, "d0-agree-phone")
    press(phone, "记下我的选择")


def _sign_up_and_enrol(story: Journey) -> None:
    """From the stop's page to a seat, without an account at first."""
    phone = story.screens.phone_of("田小雨")
    go(phone, "caravan:stop", story.training_class.stop_id)
    picture(phone, "d1-stop-phone")
    follow(phone, "我要报名")
    follow(phone, "还没有账号，注册一个")
    phone.get_by_label("姓名").fill("田小雨")
    phone.get_by_label("证件号码").fill(demo_number(dt.date(1986, 4, 12), 306, "female"))
    phone.get_by_label("手机号").fill("19900020001")
    phone.get_by_label("设一个密码").fill("xinghe-2026-b")
    phone.get_by_label("我同意").check()
    picture(phone, "d2-sign-up-phone")
    press(phone, "注册")
    go(phone, "caravan:enrol", story.training_class.class_no)
    says(phone, "田小雨")
    picture(phone, "d3-enrol-phone")
    press(phone, "提交报名")
    says(phone, "报上了", "记得带身份证")
    picture(phone, "d4-enrolled-phone")


def _enrol_by_coordinator(story: Journey, person: Person, answer: str) -> None:
    phone = story.screens.at_phone("shequ")
    go(phone, "caravan:class", story.training_class.class_no)
    picture(phone, f"d7-class-{person.pk}-phone")
    phone.locator(f'a[href$="{story.training_class.class_no}/enrol/"]').first.click()
    choice = phone.get_by_role("radio", name=person.legal_name)
    if choice.count():
        choice.check()
    picture(phone, f"d7-proxy-{person.pk}-phone")
    press(phone, "提交报名")
    _agree(phone)
    choice = phone.get_by_role("radio", name=person.legal_name)
    if choice.count():
        choice.check()
    press(phone, "提交报名")
    says(phone, answer)
    picture(phone, f"d7-answer-{person.pk}-phone")


def e_teach(story: Journey) -> None:
    """The class begins; the trainer adds a session and takes every roll on the phone."""
    first = story.training_class.starts_on
    with on(first, 7, 30):
        desk = story.screens.at_desk("jiaowu")
        go(desk, "classes:inspect", story.training_class.pk)
        press(desk, "开班")
        says(desk, "开班了。")
        _one_more_session(story)
    # A public lecture has no roll.
    sessions = list(story.training_class.sessions.exclude(kind=SessionKind.LECTURE).order_by("starts_at"))
    for session in sessions:
        starts = timezone.localtime(session.starts_at)
        with on(starts.date(), starts.hour, starts.minute + 10):
            _take_roll(story, session, is_first=session == sessions[0])


def _one_more_session(story: Journey) -> None:
    phone = story.screens.at_phone("jiangshi")
    go(phone, "caravan:teach")
    picture(phone, "e1-week-phone")
    go(phone, "caravan:teach_class", story.training_class.class_no)
    picture(phone, "e2-teach-class-phone")
    follow(phone, "排一节课")
    fill(phone, what="讲座")
    phone.get_by_label("内容").fill("燃气安全问答")
    phone.get_by_label("哪一天").fill(str(story.training_class.starts_on))
    phone.get_by_label("几点上课").fill("18:30")
    phone.get_by_label("几点下课").fill("19:30")
    phone.get_by_label("学时").fill("0")
    phone.get_by_label("变更原因").fill("学员要求")
    picture(phone, "e3-schedule-phone")
    press(phone, "排上")
    says(phone, "排好了")
    assert story.training_class.sessions.filter(kind=SessionKind.LECTURE).count() == 1


def _take_roll(story: Journey, session: Any, *, is_first: bool) -> None:
    """Everybody is there but the last on the roll, who never comes."""
    phone = story.screens.at_phone("jiangshi")
    go(phone, "caravan:field")
    if is_first:
        picture(phone, "e4-field-phone")
    phone.locator(f'a[href$="/field/sessions/{session.pk}/"]').first.click()
    if is_first:
        picture(phone, "e5-roll-phone")
    present = phone.get_by_role("button", name="到", exact=True)
    for left in range(CAPACITY, 1, -1):
        phone.get_by_text(f"还没点的 {left} 人").wait_for()
        present.first.click()
    phone.get_by_text("还没点的 1 人").wait_for()
    if is_first:
        picture(phone, "e6-roll-tapped-phone")
    follow(phone, "点完了")
    phone.get_by_label("缺勤").check()
    if is_first:
        picture(phone, "e7-close-roll-phone")
    press(phone, "结束点名")
    session.refresh_from_db()
    assert session.roll_closed_at is not None


def e_examine_and_close(story: Journey) -> None:
    """The trainer may not mark; the assessor does; the class teacher closes."""
    with on(story.training_class.ends_on, 20):
        teacher = story.screens.at_phone("banzhuren")
        go(teacher, "caravan:teach_class", story.training_class.class_no)
        follow(teacher, "结业")
        picture(teacher, "e8-outstanding-phone")
        press(teacher, "课上完了，等考核")
        assessor = story.screens.at_phone("kaoping")
        go(assessor, "caravan:teach_class", story.training_class.class_no)
        follow(assessor, "登记成绩")
        for score in assessor.locator("input.score").all():
            score.fill("82.5")
        picture(assessor, "e9-results-phone")
        press(assessor, "存成绩")
        says(assessor, "存好了")
        go(teacher, "caravan:teach_close", story.training_class.class_no)
        teacher.get_by_label("还有没做完的").fill("一人缺课，下次补")
        press(teacher, "结业")
        teacher.get_by_text("已结业").first.wait_for()
        picture(teacher, "e10-closed-phone")
    assert story.training_class.state == ClassState.CLOSED


def _save(desk: Any) -> None:
    """Save a Wagtail form and wait for the list."""
    desk.locator("form footer button, form .footer button, form button[type=submit].button").last.click()
    desk.wait_for_load_state("domcontentloaded")
    says(desk, "青山乡巡回")
