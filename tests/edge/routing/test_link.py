"""The link, told as what happened and what it made of it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.routing.link import Event, Habits, Health, Link, abandon, begin, may_use, step

UP, FLAPPING, DOWN = Health.UP, Health.FLAPPING, Health.DOWN
HABITS = Habits(few=2, many=3, first_trial_s=2.0, last_trial_s=8.0)


def told(story: str, link: Link | None = None, *, every: float = 1.0) -> list[Health]:
    """The health after each event: `+` a success, `-` a failure, one per second."""
    link, seen = link or Link(), []
    for at, mark in enumerate(story):
        link = step(link, Event.SUCCESS if mark == "+" else Event.FAILURE, now=at * every, habits=HABITS)
        seen.append(link.health)
    return seen


@pytest.mark.parametrize(
    ("story", "end"),
    [
        ("", UP), ("+", UP), ("-", UP), ("-+-+-+", UP),
        ("--", FLAPPING), ("--+", FLAPPING), ("--++", UP), ("--+-+-", FLAPPING),
        ("-----", DOWN), ("----", FLAPPING), ("-----+", FLAPPING), ("-----+-", FLAPPING), ("-----++", UP),
        ("-----+---", DOWN), ("--+---", DOWN),
    ],
)  # fmt: skip
def test_leaving_is_quick_and_coming_back_is_slow(story: str, end: Health) -> None:
    assert [UP, *told(story)][-1] is end


def test_a_link_that_is_down_is_tried_ever_more_rarely_up_to_a_limit() -> None:
    link, now, waits = Link(), 0.0, []
    for _ in range(5):
        link = step(link, Event.FAILURE, now=now, habits=HABITS)
    for _ in range(4):
        waits.append(link.next_trial - now)
        assert not may_use(link, now=link.next_trial - 0.01)
        assert may_use(link, now=link.next_trial)
        now = link.next_trial
        link = step(begin(link), Event.FAILURE, now=now, habits=HABITS)
    assert waits == [2.0, 4.0, 8.0, 8.0]


def test_only_one_trial_is_out_at_a_time() -> None:
    link = Link(health=DOWN, next_trial=5.0)
    assert may_use(link, now=5.0)
    assert not may_use(begin(link), now=5.0)
    assert may_use(abandon(begin(link)), now=5.0)


def test_a_link_that_is_up_or_flapping_is_always_used() -> None:
    for health in (UP, FLAPPING):
        link = Link(health=health)
        assert may_use(begin(begin(link)), now=0.0)


@given(st.text(alphabet="+-", max_size=60))
def test_one_event_moves_the_link_at_most_one_state(story: str) -> None:
    order = [UP, FLAPPING, DOWN]
    seen = [UP, *told(story)]
    assert all(abs(order.index(a) - order.index(b)) <= 1 for a, b in pairwise(seen))


@given(st.text(alphabet="+-", max_size=60))
def test_enough_successes_always_bring_it_up_and_enough_failures_down(story: str) -> None:
    assert told(story + "+++")[-1] is UP
    assert told(story + "------")[-1] is DOWN
