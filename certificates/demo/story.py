"""The story a–g: menu → class at a stop → enrolment → roll → record → certificate → clock → claim → export.

Each step calls the services that the screens call, and tells its figures. The story's days lie before
``today``, so that what it made is finished when somebody looks at it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from caravan.enums import EnrolmentState, EnrolmentWay, EventKind, EventMethod, Mark, SessionKind
from caravan.models import Session, TrainingClass
from caravan.services import attendance, enrolment, planning, running, scheduling
from certificates.demo.cast import open_account
from certificates.demo.class_life import (
    MORNING,
    ClassPlan,
    Crew,
    day_at,
    enrol_people,
    file_class,
    finish,
    moment,
    open_planned_class,
    teach,
)
from certificates.demo.dates import CLASSES
from certificates.demo.rosters import school_people
from certificates.demo.size import USUAL, Size
from certificates.demo.stage import Stage, first_vehicle, kits_of
from certificates.demo.waiting import wait_for
from certificates.issuing.enums import CertificateState, ReissueReason, RevocationReason
from certificates.issuing.models import Certificate
from certificates.issuing.services.batches import start_issuing
from certificates.issuing.services.reissuing import reissue_certificate
from certificates.issuing.services.revoking import revoke_certificate
from certificates.refreshers.reading import lines_on
from cms.enums import (
    AccountProof,
    AccountRelation,
    ConsentWay,
    IdType,
    RowOutcome,
)
from cms.errors import DomainError
from cms.identity import demo_number
from cms.ids import uuid7
from cms.models import GroupTag, InPostPeriod, Person, User
from cms.services.accounts import act_for, make_slip, redeem_slip, sign_up
from cms.services.consents import agree_to, missing_texts
from cms.services.people import register_person
from cms.services.person_facts import tag_group
from courses.enums import RecordState
from courses.models import Course, Menu, TrainingRecord

Tell = Callable[[str], None]
RARE_NAME = "王\U00030041"  # an ideograph of extension G that no bundled font draws


@dataclass
class Story:
    """What the steps hand on to each other."""

    stage: Stage
    today: dt.date
    tell: Tell
    size: Size = field(default_factory=Size)
    people: list[Person] = field(default_factory=list)
    workers: list[Person] = field(default_factory=list)
    rivals: list[Person] = field(default_factory=list)
    # Who worked where, by the name of the refresher's case.
    cases: dict[str, Person] = field(default_factory=dict)
    # Whoever shows a state, by a name of its own.
    shown: dict[str, Person] = field(default_factory=dict)
    taken: int = 0
    trainee: User | None = None
    training_class: TrainingClass | None = None

    @property
    def opened(self) -> TrainingClass:
        """The story's class, once it is open."""
        if self.training_class is None:
            raise LookupError("the class is opened in step c")
        return self.training_class

    @property
    def crew(self) -> Crew:
        """The school's people."""
        cast = self.stage.cast
        return Crew(self.stage.school, cast["jiaowu"], cast["banzhuren"], cast["kaoping"])

    @property
    def rival_crew(self) -> Crew:
        """The second provider's: a small house, whose planner leads the classes too."""
        cast = self.stage.cast
        return Crew(self.stage.rival, cast["qingshan"], cast["qingshan"], cast["kaoping"])

    def take(self, count: int) -> list[Person]:
        """Return the next people of the school's roster; after the last comes the first again."""
        found = [self.people[(self.taken + place) % len(self.people)] for place in range(count)]
        self.taken += count
        return found

    def at(self, offset: int, time: dt.time = MORNING) -> dt.datetime:
        """Return a time so many days from today."""
        return day_at(self.today, offset, time)

    def day(self, before: int) -> dt.date:
        """Return the day so many days before today."""
        return self.today - dt.timedelta(days=before)


def tell_catalogue(story: Story) -> None:
    """a. The catalogue and the menus, with their public pages."""
    story.tell(f"a  课程 {Course.objects.count()} 门，套餐 {Menu.objects.count()} 个，课程页都已发布")


def import_roster(story: Story) -> None:
    """b. Upload → dry run → confirm; accounts by slips; a coordinator for three."""
    stage, size = story.stage, story.size
    story.people, found = school_people(stage, story.today, size.roster)
    story.tell(
        f"b  花名册 {sum(found.values())} 行：可导入 {found[RowOutcome.NEW]}，不能导入 {found[RowOutcome.REFUSED]}；"
        f"已导入 {len(story.people)} 人"
    )
    _give_accounts(story, story.at(-59))


def _give_accounts(story: Story, at: dt.datetime) -> None:
    cast = story.stage.cast
    with_slips = story.people[: 10 if story.size.first == USUAL else 2]
    for number, person in enumerate(with_slips, start=1):
        _slip, code = make_slip(person, story.stage.school, by=cast["jiaowu"], at=at)
        phone, used_at = f"199000100{number:02d}", at + dt.timedelta(hours=2)
        if number == 1:
            story.trainee = redeem_slip(code, phone=phone, password=cast.password, at=used_at)
        else:
            redeem_slip(code, user=open_account(cast, phone, person.legal_name, at=used_at), at=used_at)
    for person in story.people[10:13]:
        act_for(
            cast["shequ"], person, AccountRelation.COORDINATOR, AccountProof.CONSENT, by=cast["jiaowu"], at=at
        )
    story.tell(f"   凭条开通账号 {len(with_slips)} 个，社区协调员代办 3 人")


def open_at_stop(story: Story) -> None:
    """c. Tour, stop, class from a menu, sessions; a clash is refused; the office accepts."""
    stage, days = story.stage, CLASSES["story"]
    at, starts = story.at(days.opened), story.day(-days.starts)
    planner = stage.cast["jiaowu"]
    venue = stage.venue("红旗村")
    tour = planning.create_tour(
        organisation=stage.school, title="青山乡秋季巡回", starts_on=starts, ends_on=starts + dt.timedelta(days=12),
        vehicle=first_vehicle(stage.school), by=planner, at=at,
    )  # fmt: skip
    stop = planning.add_stop(
        tour, venue=venue, starts_on=starts, ends_on=starts + dt.timedelta(days=5), contact_name="李秀英",
        contact_phone="0000-812 6620", expected_people=40, audience="全体村民", notes="身份证",
        kits=kits_of(stage.school), by=planner, at=at,
    )  # fmt: skip
    plan = ClassPlan(
        "红旗村家庭餐制作班", "TC-04", ("JZ-009",), venue, days, capacity=story.size.seats(36, least=12), stop=stop
    )  # fmt: skip
    story.training_class = open_planned_class(stage, plan, story.today, story.crew)
    story.tell(
        f"c  {tour.title}第 1 站 {stop}，班级 {story.opened.class_no}，课次 {story.opened.sessions.count()} 节"
    )
    _meet_clash(story, at)
    file_class(stage, story.opened, story.crew, at=at + dt.timedelta(hours=1))
    story.opened.refresh_from_db()
    story.tell(f"   备案：{story.opened.get_state_display()}")


def _meet_clash(story: Story, at: dt.datetime) -> None:
    first = story.opened.sessions.select_related("class_course", "room", "trainer").order_by("starts_at")[0]
    try:
        scheduling.schedule_session(
            story.opened, class_course=None, kind=SessionKind.LECTURE, content="公开讲座",
            starts_at=first.starts_at, ends_at=first.ends_at, hours=Decimal(0), room=first.room,
            trainer=first.trainer, by=story.stage.cast["jiaowu"], at=at,
        )  # fmt: skip
    except DomainError as clash:
        story.tell(f"   撞课被拒：{clash}")
    else:
        raise RuntimeError("a clash was not refused")


def enrol_everyone(story: Story) -> None:
    """d. A trainee by phone, a coordinator for another, many at once, one too rare to print, the queue."""
    stage, at = story.stage, moment(story.day(45))
    if story.trainee is None:
        raise LookupError("accounts come in step b")
    fresh = sign_up(
        phone="19900020001", password=stage.cast.password, legal_name="田小雨", id_type=IdType.CITIZEN_ID,
        number=demo_number(dt.date(1986, 4, 12), 306, "female"), at=at,
    )  # fmt: skip
    newcomer = Person.objects.get(accounts__user=fresh)
    _agree(story, story.people[0], ConsentWay.SCREEN, story.trainee, at)
    _agree(story, story.people[10], ConsentWay.PAPER, stage.cast["shequ"], at)
    enrolment.enrol(story.people[0], story.opened, by=story.trainee, at=at, way=EnrolmentWay.SELF)
    enrolment.enrol(newcomer, story.opened, by=fresh, at=at, way=EnrolmentWay.SELF)
    enrolment.enrol(story.people[10], story.opened, by=stage.cast["shequ"], at=at, way=EnrolmentWay.PROXY)
    rare, _created = register_person(
        legal_name=RARE_NAME, id_type=IdType.CITIZEN_ID, number=demo_number(dt.date(1979, 9, 3), 423, "female"),
        organisation=stage.school, kind="roster", region_code=stage.school.region_code, source="窗口登记",
        by=stage.cast["jiaowu"], at=at,
    )  # fmt: skip
    _agree(story, rare, ConsentWay.PAPER, stage.cast["jiaowu"], at)
    enrolment.enrol(rare, story.opened, by=stage.cast["jiaowu"], at=at, way=EnrolmentWay.OFFICE)
    # Four have come by themselves; two more than there are seats.
    many = story.people[20 : 18 + story.opened.capacity]
    story.taken = 18 + story.opened.capacity
    counts = enrol_people(story.opened, many, story.crew, at=at + dt.timedelta(days=1))
    waiting = story.opened.enrolments.filter(state=EnrolmentState.WAITING).count()
    story.tell(
        f"d  名额 {story.opened.capacity}，在册 {story.opened.enrolments.seated().count()}，候补 {waiting}"
        f"（一次登记 {len(many)} 人：{counts}）"
    )
    _verify_groups(story, at)


def _agree(story: Story, person: Person, way: ConsentWay, by: User, at: dt.datetime) -> None:
    """Read and agree to what the county asks, on the phone or on paper that the school keeps."""
    missing = missing_texts([person.pk], story.opened.region_code, at=at).get(person.pk, [])
    kept_by = story.stage.school if way == ConsentWay.PAPER else None
    agree_to(person, missing, way=way, by=by, at=at, kept_by=kept_by)


def _verify_groups(story: Story, at: dt.datetime) -> None:
    """The office compares the roster's categories with its lists; what it confirms may prove something."""
    ids = story.opened.enrolments.values_list("person_id", flat=True)
    tags = (
        GroupTag.objects.current()
        .filter(person_id__in=list(ids), checked_on__isnull=True)
        .select_related("person")
    )
    for tag in tags:
        tag_group(
            tag.person, tag.group, story.stage.school, proof_number=tag.proof_number,
            checked_by="星河县人社局比对名单", checked_on=at.date(), valid_from=tag.valid_from,
            valid_until=tag.valid_until, region_code=tag.region_code, by=story.stage.cast["butie"], at=at,
        )  # fmt: skip


def teach_and_close(story: Story) -> None:
    """e. One more session by the trainer, every roll on the phone, a correction, results, the end."""
    stage, trainer = story.stage, story.stage.cast["jiangshi"]
    running.start_class(
        story.opened, by=stage.cast["banzhuren"], at=moment(story.opened.starts_on, dt.time(7, 30))
    )
    story.opened.refresh_from_db()
    _one_more_session(story, trainer)
    marks = teach(story.opened, absent_no=(7, 19))
    story.tell(f"e  点名 {marks} 人次，课次 {story.opened.sessions.count()} 节")
    _correct_one_mark(story, trainer)
    finish(
        story.opened, story.crew, at=moment(story.opened.ends_on + dt.timedelta(days=1)), low_no=(12,)
    )  # fmt: skip
    story.opened.refresh_from_db()
    done = story.opened.enrolments.filter(state=EnrolmentState.COMPLETED).count()
    left = story.opened.enrolments.filter(state=EnrolmentState.NOT_COMPLETED).count()
    story.tell(f"   结业：合格 {done} 人，未合格 {left} 人，班级{story.opened.get_state_display()}")


def _one_more_session(story: Story, trainer: User) -> None:
    """The power fails on one afternoon: the trainer cancels that session and schedules another."""
    at = moment(story.opened.starts_on, dt.time(7, 40))
    lost = (
        story.opened.sessions.filter(kind=SessionKind.PRACTICE)
        .select_related("class_course", "room", "trainer")
        .order_by("-starts_at")[0]
    )
    scheduling.cancel_session(lost, reason="村里检修停电", by=trainer, at=at)
    day = story.opened.ends_on
    scheduling.schedule_session(
        story.opened, class_course=lost.class_course, kind=SessionKind.PRACTICE, content=lost.content,
        starts_at=moment(day, dt.time(13, 30)), ends_at=moment(day, dt.time(16, 45)), hours=lost.hours,
        room=lost.room, trainer=lost.trainer, reason="停电的课补上", by=trainer, at=at,
    )  # fmt: skip


def _correct_one_mark(story: Story, trainer: User) -> None:
    session: Session = story.opened.sessions.order_by("starts_at")[1]
    row = session.marks.filter(mark=Mark.PRESENT).order_by("pk")[0]
    attendance.record_event(
        session, row.enrolment, kind=EventKind.CORRECTION, mark=Mark.LATE, method=EventMethod.ROLL_CALL, client_id=uuid7(),
        device_time=session.ends_at, reason="点名后核对，晚到二十分钟", by=trainer, at=session.ends_at,
    )  # fmt: skip


def issue(story: Story) -> None:
    """f. Certificates as one job; the missing glyph stops one; one is revoked and stays visible."""
    at = moment(story.day(20))
    records = TrainingRecord.objects.filter(
        source=f"class:{story.opened.class_no}", state=RecordState.COMPLETED
    )
    job = start_issuing(story.opened, by=story.stage.cast["jiaowu"], at=at)
    wait_for(job)
    made = Certificate.objects.filter(record__in=records).order_by("number")
    stopped = job.items.filter(state="refused").values_list("label", "message")
    story.tell(f"f  合格记录 {records.count()}，签发证书 {made.count()} 张：{made.first()} 至 {made.last()}")
    for label, message in stopped:
        story.tell(f"   停下 1 人：{label}（{message}）")
    wrong = made.reverse()[0]
    revoke_certificate(
        wrong, reason=RevocationReason.WRONG_DATA, note="课程日期登记有误", by=story.stage.cast["jigou"],
        at=at + dt.timedelta(days=1),
    )  # fmt: skip
    wrong.refresh_from_db()
    story.tell(f"   {wrong.number} {CertificateState(wrong.state).label}，查验页仍看得到")
    lost = made.reverse()[1]
    reissue_certificate(
        lost, reason=ReissueReason.LOST, note="证书遗失，本人带身份证来申请", seen=0, by=story.stage.cast["jiaowu"],
        at=at + dt.timedelta(days=1, hours=1),
    )  # fmt: skip
    lost.refresh_from_db()
    story.tell(f"   {lost.number} {CertificateState(lost.state).label}，编号不变")


def ask_the_clock(story: Story) -> None:
    """g1. Who in post is due, on any day."""
    for on in (story.today, story.today + dt.timedelta(days=365)):
        lines = lines_on(InPostPeriod.objects.current().select_related("person", "organisation"), on)
        counts: dict[str, int] = {}
        for line in lines:
            name = str(line.status.state.label)
            counts[name] = counts.get(name, 0) + 1
        story.tell(f"g  {on} 回炉：" + "，".join(f"{name} {count}" for name, count in sorted(counts.items())))
        if lines:
            story.tell(f"   例：{lines[0].person}，{lines[0].status.reason}")
