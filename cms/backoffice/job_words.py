"""What the screens of background work say: figures, waiting, time left, outcomes to choose from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.enums import ItemState, JobState
from cms.jobs import time_left
from cms.models import Job
from cms.ui.states import register_state_colours

register_state_colours(
    JobState,
    {
        JobState.RUNNING: "info",
        JobState.DONE: "good",
        JobState.FAILED: "bad",
        JobState.CANCELLED: "neutral",
    },
)
register_state_colours(
    ItemState, {ItemState.DONE: "good", ItemState.REFUSED: "bad", ItemState.SET_ASIDE: "warn"}
)

_TROUBLE = "trouble"
_ALL = "all"


@dataclass(frozen=True)
class Figure:
    """How many items ended in one way."""

    state: ItemState
    label: str
    count: int


@dataclass(frozen=True)
class ShownStates:
    """Which items a page lists; ``name`` is the word in its address."""

    name: str
    states: tuple[ItemState, ...]


@dataclass(frozen=True)
class ItemFilter:
    """A choice above the items."""

    name: str
    label: str
    count: int


def item_label(job: Job, state: ItemState) -> str:
    """Return the word for an item; what a cancelled job left open is cancelled with it."""
    if state == ItemState.PENDING and job.state == JobState.CANCELLED:
        return str(JobState.CANCELLED.label)
    return str(state.label)


def figures_of(job: Job, counts: Mapping[str, int]) -> list[Figure]:
    """Return the states that occur, in the order of ``ItemState``, what is still open at the end."""
    order = sorted(ItemState, key=lambda state: state == ItemState.PENDING)
    return [Figure(state, item_label(job, state), counts[state]) for state in order if counts.get(state, 0)]


def figures_in_words(figures: list[Figure]) -> str:
    """``完成 98，未通过 2``."""
    return _("，").join(f"{figure.label} {figure.count}" for figure in figures)


def shown_states(name: str) -> ShownStates:
    """Return what an address asks for; without a word what was not done."""
    if name == _ALL:
        return ShownStates(_ALL, tuple(ItemState))
    if name in ItemState.values:
        return ShownStates(name, (ItemState(name),))
    return ShownStates(_TROUBLE, (ItemState.REFUSED, ItemState.SET_ASIDE))


def item_filters(job: Job, counts: Mapping[str, int]) -> list[ItemFilter]:
    """Return the choices above the items: what was not done, each outcome that occurs, all."""
    trouble = sum(counts.get(state, 0) for state in shown_states(_TROUBLE).states)
    return [
        ItemFilter(_TROUBLE, _("没有办成的"), trouble),
        *(ItemFilter(one.state, one.label, one.count) for one in figures_of(job, counts)),
        ItemFilter(_ALL, _("全部"), sum(counts.values())),
    ]


def what_it_waits_for(job: Job, now: dt.datetime) -> str:
    """Say why an open job does not move; empty while it does."""
    if job.state == JobState.QUEUED:
        return _("正在排队，轮到了就开始。") if job.runs == 0 else _("正在排队，轮到了接着做。")
    if job.state == JobState.RUNNING and job.lease_until is not None and job.lease_until < now:
        return _("处理程序中断了，系统会自动从断的地方接着做。")
    return ""


def time_left_in_words(job: Job, pending: int, now: dt.datetime) -> str:
    """``大约还要 5 分钟``; empty when nothing moves or it is too early to say."""
    if job.state != JobState.RUNNING or what_it_waits_for(job, now):
        return ""
    left = time_left(job, pending, now)
    if left is None:
        return ""
    minutes = round(left.total_seconds() / 60)
    if minutes < 1:
        return _("大约还要不到 1 分钟。")
    if minutes < 90:
        return ngettext("大约还要 %(count)s 分钟。", "大约还要 %(count)s 分钟。", minutes) % {
            "count": minutes
        }
    hours = round(minutes / 60)
    return ngettext("大约还要 %(count)s 小时。", "大约还要 %(count)s 小时。", hours) % {"count": hours}
