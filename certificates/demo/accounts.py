"""Accounts of people in whose inbox and pages a state can be seen; ``docs/demo.md`` lists them."""

from __future__ import annotations

from certificates.demo.cast import open_account
from certificates.demo.story import Story
from cms.models import Organisation, Person
from cms.services.accounts import make_slip, redeem_slip

# Phone and what its owner shows; the key names the person in the story.
SHOWN: tuple[tuple[str, str, str], ...] = (
    ("19900010021", "offered", "学员，候补轮到了，等她回话"),
    ("19900010022", "waiting", "学员，还在候补"),
    ("19900010023", "on_notice", "学员，补贴公示中"),
    ("19900010024", "rejected", "学员，补贴被驳回"),
    ("19900010027", "paid", "学员，补贴拨付了"),
    ("19900010028", "payment_failed", "学员，补贴没有拨成"),
    ("19900010025", "due_today", "家政员，回炉今天到期"),
    ("19900010026", "due_yesterday", "家政员，回炉昨天过期"),
)


def give_accounts(story: Story) -> None:
    """Give a slip to each; with it they open an account."""
    stage = story.stage
    for phone, key, _words in SHOWN:
        if key in story.cases:
            _give(story, story.cases[key], stage.employer, "yunling", phone)
        else:
            _give(story, story.shown[key], stage.school, "jiaowu", phone)


def _give(story: Story, person: Person, organisation: Organisation, by: str, phone: str) -> None:
    _slip, code = make_slip(person, organisation, by=story.stage.cast[by], at=story.at(-1))
    account = open_account(story.stage.cast, phone, person.legal_name, at=story.at(-1))
    redeem_slip(code, user=account, at=story.at(-1))
