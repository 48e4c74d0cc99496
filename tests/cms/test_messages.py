"""The outbox: told once, looked at again before it leaves, at most once by text, quiet at night."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from cms.enums import AccountRelation, Channel, DeliveryState, MessageState
from cms.errors import DomainError
from cms.messaging import message_kinds, withdraw_messages
from cms.messaging.gateways import SmsRefusedError, SmsTroubleError, SmsUnclearError
from cms.messaging.posting import post_due
from cms.messaging.quiet import after_quiet, hours_on
from cms.messaging.sending import BACKOFF, LOST_AFTER, deliver_due, send_due, settle_lost
from cms.models import AuditEntry, Delivery, Message, Organisation, QuietHours, Region, User
from cms.services.messages import choose_messages, retry_delivery, save_quiet_hours
from tests.cms.message_world import (
    GATEWAY,
    NOON,
    PLACE,
    Gateway,
    bind,
    make_kind,
    make_learner,
    make_organisation,
    make_person,
    moment,
    tell,
    way,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both]
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _world(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(message_kinds, "_items", {"van_comes": make_kind()})
    monkeypatch.setattr(Gateway, "sent", [])
    monkeypatch.setattr(Gateway, "answers", [])
    settings.SMS_GATEWAY = GATEWAY


@pytest.fixture
def school() -> Organisation:
    return make_organisation()


def use(**facts: Any) -> None:
    message_kinds._items["van_comes"] = make_kind(**facts)


def test_a_message_is_told_once_and_goes_by_the_first_way_that_takes_it(school: Organisation) -> None:
    person, _user = make_learner(email="wang@example.com")
    tell("van_comes", school, person)
    tell("van_comes", school, person)
    assert deliver_due(NOON) == 1
    assert deliver_due(NOON + MINUTE) == 0
    assert Gateway.sent == [("13900000417", "王桂花：大篷车3月14日到村里。")]
    assert not mail.outbox
    text = way(Channel.SMS)
    assert (text.state, text.gateway_id, text.address_masked) == ("sent", "G1", "139******17")
    assert way(Channel.IN_SITE).state == DeliveryState.SENT
    assert (text.organisation, text.region_code) == (school, PLACE)


def test_another_occasion_is_another_message(school: Organisation) -> None:
    person, _user = make_learner()
    tell("van_comes", school, person, occasion="first")
    tell("van_comes", school, person, occasion="second")
    assert Message.objects.count() == 2


def test_nothing_is_queued_when_the_change_is_rolled_back(school: Organisation) -> None:
    person, _user = make_learner()
    with pytest.raises(DomainError), transaction.atomic():
        tell("van_comes", school, person)
        raise DomainError("no", "no")
    assert not Message.objects.exists()


@pytest.mark.parametrize("about", [{"number": "99999919730415006X"}, {"account": ["6222000000000000"]}])
def test_a_long_number_is_refused(school: Organisation, about: dict[str, Any]) -> None:
    person, _user = make_learner()
    with pytest.raises(ValueError, match="document number"):
        tell("van_comes", school, person, about=about)


def test_what_became_untrue_is_not_told(school: Organisation) -> None:
    person, _user = make_learner()
    use(still_due=lambda message, at: False)
    tell("van_comes", school, person)
    deliver_due(NOON)
    assert Message.objects.get().state == MessageState.WITHDRAWN
    assert not Delivery.objects.exists()


def test_what_becomes_untrue_at_night_is_not_sent_in_the_morning(school: Organisation) -> None:
    person, _user = make_learner()
    tell("van_comes", school, person, at=moment(2, 22))
    deliver_due(moment(2, 22))
    assert way(Channel.SMS).next_try_at == moment(3, 8)
    use(still_due=lambda message, at: False)
    deliver_due(moment(3, 8))
    assert not Gateway.sent
    assert (way(Channel.SMS).state, way(Channel.SMS).reason) == ("skipped", "not_due")


def test_withdrawing_stops_what_is_under_way_and_marks_what_was_read(school: Organisation) -> None:
    person, user = make_learner()
    tell("van_comes", school, person, at=moment(2, 22))
    deliver_due(moment(2, 22))
    assert Message.objects.unread_by(user).count() == 1
    assert withdraw_messages("van_comes", school, at=moment(2, 23)) == 1
    deliver_due(moment(3, 9))
    assert not Gateway.sent
    assert way(Channel.SMS).reason == "withdrawn"
    assert Message.objects.visible_to(user).get().state == MessageState.WITHDRAWN
    assert not Message.objects.unread_by(user).exists()


def test_a_refused_text_goes_on_by_mail_in_the_readers_language(school: Organisation) -> None:
    person, user = make_learner(email="wang@example.com")
    choose_messages(user, {}, language="en", by=user, at=NOON)
    Gateway.answers = [SmsRefusedError("no", "INVALID_PHONE")]
    tell("van_comes", school, person)
    deliver_due(NOON)
    deliver_due(NOON + MINUTE)
    text = way(Channel.SMS)
    assert (text.state, text.reason) == ("refused", "INVALID_PHONE")
    [sent] = mail.outbox
    assert sent.to == ["wang@example.com"]
    assert (sent.subject, sent.body.splitlines()[2]) == ("The van comes", "The van comes on 3月14日.")
    assert str(way(Channel.EMAIL).pk) in sent.extra_headers["Message-ID"]


def test_trouble_is_tried_again_with_longer_waits_and_then_given_up(school: Organisation) -> None:
    person, _user = make_learner()
    Gateway.answers = [SmsTroubleError("busy", "http_503")] * 5
    tell("van_comes", school, person)
    deliver_due(NOON)
    at = NOON
    for wait in BACKOFF:
        assert send_due(at + wait - dt.timedelta(seconds=1)) == 0
        at += wait
        assert send_due(at) == 1
    text = way(Channel.SMS)
    assert (text.state, text.reason, text.tries) == ("refused", "gave_up http_503", 5)
    assert way(Channel.EMAIL).reason == "no_address"


def test_an_unclear_text_is_never_sent_again_by_itself(school: Organisation) -> None:
    person, _user = make_learner()
    Gateway.answers = [SmsUnclearError("?", "no_answer")]
    tell("van_comes", school, person)
    deliver_due(NOON)
    deliver_due(NOON + dt.timedelta(hours=5))
    assert len(Gateway.sent) == 1
    assert way(Channel.SMS).state == DeliveryState.UNKNOWN


def test_a_worker_that_dies_in_the_middle_leaves_a_text_unknown_and_a_mail_to_be_sent_again(
    school: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, _user = make_learner(email="wang@example.com")
    tell("van_comes", school, person)

    class Killed(BaseException):
        """What no handler of ours catches."""

    def die(self: Any, phone: str, text: str) -> Any:
        raise Killed

    with monkeypatch.context() as broken, pytest.raises(Killed):
        broken.setattr(Gateway, "send", die)
        deliver_due(NOON)
    assert way(Channel.SMS).state == DeliveryState.SENDING  # committed before the gateway was asked
    assert settle_lost(NOON + LOST_AFTER) == 0
    later = NOON + LOST_AFTER + MINUTE
    assert settle_lost(later) == 1
    assert (way(Channel.SMS).state, way(Channel.SMS).reason) == ("unknown", "interrupted")
    Delivery.objects.filter(channel=Channel.EMAIL).update(state="sending", tries=1, next_try_at=NOON)
    settle_lost(later)
    assert way(Channel.EMAIL).state == DeliveryState.QUEUED
    send_due(later + 2 * MINUTE)
    assert len(mail.outbox) == 1
    assert not Gateway.sent


def test_a_message_that_cannot_be_written_holds_nobody_up(school: Organisation) -> None:
    person, _user = make_learner()
    message_kinds._items["broken"] = make_kind("broken", still_due=lambda message, at: 1 / 0)
    tell("broken", school, person)
    tell("van_comes", school, person)
    for hour in (12, 13, 14, 15):
        deliver_due(moment(2, hour))
    assert Message.objects.get(kind="broken").state == MessageState.FAILED
    assert len(Gateway.sent) == 1


def test_the_log_says_why_nothing_went_out(school: Organisation, settings: Any) -> None:
    settings.SMS_GATEWAY = ""
    person = make_person()
    tell("van_comes", school, person)
    deliver_due(NOON)
    found = {row.channel: row.reason for row in Delivery.objects.all()}
    assert found == {"in_site": "no_account", "sms": "no_gateway", "email": "no_address"}


def test_a_phone_is_read_when_it_is_sent(school: Organisation) -> None:
    person, _user = make_learner(phone="0571-88886666")  # a village switchboard takes no text
    tell("van_comes", school, person, at=moment(2, 22))
    tell("van_comes", school, make_learner("李小红")[0], at=moment(2, 22))
    deliver_due(moment(2, 22))
    for row in Delivery.objects.filter(channel=Channel.SMS, state="queued"):
        row.person.phone = "13900000999"
        row.person.save()
    deliver_due(moment(3, 8))
    assert [phone for phone, _text in Gateway.sent] == ["13900000999"]


def test_an_optional_kind_may_be_switched_off_and_a_necessary_one_not(school: Organisation) -> None:
    person, user = make_learner()
    choose_messages(user, {("van_comes", Channel.SMS): False}, language="zh-hans", by=user, at=NOON)
    tell("van_comes", school, person)
    deliver_due(NOON)
    assert way(Channel.SMS).reason == "opted_out"
    use(why_necessary="一定会发。")
    with pytest.raises(DomainError) as refused:
        choose_messages(user, {("van_comes", Channel.SMS): False}, language="zh-hans", by=user, at=NOON)
    assert refused.value.code == "kind_necessary"
    tell("van_comes", school, person, occasion="again")
    deliver_due(NOON)
    assert len(Gateway.sent) == 1


def test_a_helper_has_the_inbox_and_no_text(school: Organisation) -> None:
    person = make_person()
    helper = User.objects.create(username="helper", phone="13900000001", email="helper@example.com")
    bind(helper, person, AccountRelation.COORDINATOR)
    tell("van_comes", school, person)
    deliver_due(NOON)
    assert [phone for phone, _text in Gateway.sent] == ["13900000418"]
    assert Message.objects.unread_by(helper).count() == 1


def test_a_failed_text_is_sent_again_by_hand_with_an_audit_entry(school: Organisation) -> None:
    person, user = make_learner()
    Gateway.answers = [SmsRefusedError("no", "INVALID_PHONE")]
    tell("van_comes", school, person)
    deliver_due(NOON)
    retry_delivery(way(Channel.SMS), by=user, at=moment(2, 22))
    assert send_due(moment(2, 23)) == 0  # not at night either
    assert send_due(moment(3, 8)) == 1
    assert way(Channel.SMS).state == DeliveryState.SENT
    assert AuditEntry.objects.filter(action="delivery.retry", actor_id=user.pk).count() == 1
    with pytest.raises(DomainError) as refused:
        retry_delivery(way(Channel.SMS), by=user, at=NOON)
    assert refused.value.code == "delivery_state"


def test_five_days_of_standstill_send_only_what_is_still_true(school: Organisation) -> None:
    person, _user = make_learner()
    use(still_due=lambda message, at: at < moment(4))
    tell("van_comes", school, person)
    message_kinds._items["still"] = make_kind("still")
    tell("still", school, person)
    deliver_due(moment(7, 12))
    assert len(Gateway.sent) == 1
    assert set(Message.objects.values_list("kind", "state")) == {
        ("van_comes", "withdrawn"),
        ("still", "posted"),
    }


# Quiet hours ---------------------------------------------------------------------------------------


def rule(starts: dt.time, ends: dt.time, since: int = 1, until: int | None = None) -> QuietHours:
    last = dt.date(2026, 3, until) if until else None
    return QuietHours(
        region_code="990101000000",
        starts=starts,
        ends=ends,
        valid_from=dt.date(2026, 3, since),
        valid_until=last,
    )


TIMES = st.times().map(lambda time: time.replace(second=0, microsecond=0))
MOMENTS = st.integers(0, 72 * 60 - 1).map(lambda minutes: moment(2, 0) + dt.timedelta(minutes=minutes))


@given(MOMENTS, TIMES, TIMES, TIMES, TIMES)
def test_the_wait_ends_outside_the_quiet_hours_and_not_a_minute_late(
    at: dt.datetime, starts: dt.time, ends: dt.time, starts_later: dt.time, ends_later: dt.time
) -> None:
    """Two rules, the second from 4 March on: around every midnight, also the one of the change."""
    rules = [rule(starts, ends, until=3), rule(starts_later, ends_later, since=4)]

    def is_quiet(moment: dt.datetime) -> bool:
        hours, time = hours_on(rules, PLACE, moment.date()), moment.time()
        if hours.starts <= hours.ends:
            return hours.starts <= time < hours.ends
        return time >= hours.starts or time < hours.ends

    found = after_quiet(at, rules, PLACE)
    local = found.astimezone(at.tzinfo)
    assert not is_quiet(local)
    assert at <= found <= at + dt.timedelta(hours=48)
    if found > at:
        assert is_quiet(at)
        assert is_quiet(local - MINUTE) or local.date() == dt.date(2026, 3, 4)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (moment(2, 20, 59), moment(2, 20, 59)),
        (moment(2, 21), moment(3, 8)),
        (moment(2, 23, 59), moment(3, 8)),
        (moment(3, 0), moment(3, 8)),
        (moment(3, 7, 59), moment(3, 8)),
        (moment(3, 8), moment(3, 8)),
    ],
)
def test_the_usual_night_is_from_nine_to_eight(at: dt.datetime, expected: dt.datetime) -> None:
    assert after_quiet(at, [], PLACE) == expected


def test_a_county_has_its_own_night_and_rules_do_not_overlap(school: Organisation) -> None:
    region = Region.objects.create(
        code="990101000000", name="星河县", level=3, valid_from=dt.date(2020, 1, 1)
    )
    facts: dict[str, Any] = {"starts": dt.time(20), "ends": dt.time(9), "by": None, "at": NOON}
    save_quiet_hours(region, valid_from=dt.date(2026, 1, 1), valid_until=None, **facts)
    with pytest.raises(DomainError) as refused:
        save_quiet_hours(region, valid_from=dt.date(2027, 1, 1), valid_until=None, **facts)
    assert refused.value.code == "rule_overlap"
    person, _user = make_learner()
    tell("van_comes", school, person, at=moment(2, 20, 30))
    post_due(moment(2, 20, 30))
    assert way(Channel.SMS).next_try_at == moment(3, 9)
