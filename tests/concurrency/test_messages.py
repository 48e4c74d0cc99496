"""Two workers with one outbox: nothing is posted, and no text is sent, twice."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import transaction

from cms.enums import Channel, DeliveryState
from cms.messaging import message_kinds
from cms.messaging.sending import deliver_due
from cms.models import Delivery
from tests.cms.message_world import GATEWAY, NOON, Gateway, make_kind, make_organisation, make_person, tell

PEOPLE = 12


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_text_once(
    run_together: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(message_kinds, "_items", {"van_comes": make_kind()})
    monkeypatch.setattr(Gateway, "sent", [])
    monkeypatch.setattr(Gateway, "answers", [])
    settings.SMS_GATEWAY = GATEWAY
    school = make_organisation()

    with transaction.atomic():
        for number in range(PEOPLE):
            tell("van_comes", school, make_person(f"学员{number}", f"139000010{number:02d}"))
    tried = run_together(*[partial(deliver_due, NOON)] * 4)
    tried += [deliver_due(NOON)]  # what the others left
    assert sum(tried) == PEOPLE
    assert len(Gateway.sent) == len(set(Gateway.sent)) == PEOPLE
    texts = Delivery.objects.filter(channel=Channel.SMS)
    assert set(texts.values_list("state", "tries")) == {(DeliveryState.SENT, 1)}
