"""The link, told as what happened and what it made of it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.routing.link import Event, Habits, Health, Link, abandon, begin, may_send, step, trial_due

UP, METERED, FLAPPING, DOWN, CAPTIVE = Health
HABITS = Habits(few=2, many=3, settle_s=0.0, first_trial_s=2.0, last_trial_s=8.0)
CALM = Habits(few=2, many=3, settle_s=5.0)
MARKS = {"+": Event.SUCCESS, "-": Event.FAILURE, "?": Event.FOREIGN, "$": Event.COSTLY, "0": Event.FREE}


def links(story: str, *, habits: Habits = HABITS, every: float = 1.0) -> list[Link]:
    """The link after each event, one per second: `+` a success, `-` a failure, `?` a stranger, `$` costly, `0` free."""
    link, seen = Link(), [Link()]
    for at, mark in enumerate(story):
        link = step(link, MARKS[mark], now=at * every, habits=habits)
        seen.append(link)
    return seen


@pytest.mark.parametrize(
    ("story", "end"),
    [
        ("", UP), ("+", UP), ("-", UP), ("-+-+-+", UP),
        ("--", FLAPPING), ("--+", FLAPPING), ("--++", UP), ("--+-+-", FLAPPING),
        ("-----", DOWN), ("----", FLAPPING), ("-----+", FLAPPING), ("-----+-", FLAPPING), ("-----++", UP),
        ("-----+---", DOWN), ("--+---", DOWN),
        ("$", METERED), ("$0", UP), ("$--", FLAPPING), ("$--++", METERED), ("$--0++", UP), ("$-----++", METERED),
        ("?", CAPTIVE), ("--?", CAPTIVE), ("-----?", CAPTIVE), ("?+", FLAPPING), ("?++", UP), ("?--", CAPTIVE), ("?---", DOWN),
    ],
)  # fmt: skip
def test_leaving_is_quick_and_coming_back_is_slow(story: str, end: Health) -> None:
    assert links(story)[-1].health is end


@pytest.mark.parametrize(
    ("story", "end"),
    [
        ("-----", FLAPPING),  # three more failures within the time: not yet
        ("-------", DOWN),  # the sixth second is beyond it
        ("--++", FLAPPING),
        ("--+++++", UP),
        ("--$$$$$", FLAPPING),
    ],
)
def test_within_the_time_to_settle_nothing_moves_and_what_was_seen_counts_after(
    story: str, end: Health
) -> None:
    assert links(story, habits=CALM)[-1].health is end


def test_a_link_that_is_down_is_tried_ever_more_rarely_up_to_a_limit() -> None:
    link, now, waits = Link(), 0.0, []
    for _ in range(5):
        link = step(link, Event.FAILURE, now=now, habits=HABITS)
    for _ in range(4):
        waits.append(link.next_trial - now)
        assert not trial_due(link, now=link.next_trial - 0.01)
        assert trial_due(link, now=link.next_trial)
        now = link.next_trial
        link = step(begin(link), Event.FAILURE, now=now, habits=HABITS)
    assert waits == [2.0, 4.0, 8.0, 8.0]


def test_dice_spread_the_trials_of_many_devices_around_the_same_wait() -> None:
    last = links("----")[-1]
    waits = [step(last, Event.FAILURE, now=0.0, habits=HABITS, draw=draw).next_trial for draw in (0, 0.5, 1)]
    assert waits == pytest.approx([1.6, 2.0, 2.4])


def test_only_one_trial_is_out_at_a_time() -> None:
    down = Link(health=DOWN, next_trial=5.0)
    assert trial_due(down, now=5.0)
    assert not trial_due(begin(down), now=5.0)
    assert trial_due(abandon(begin(down)), now=5.0)


def test_a_flapping_link_takes_one_request_at_a_time_and_a_well_one_takes_all() -> None:
    flapping = Link(health=FLAPPING)
    assert may_send(flapping)
    assert not may_send(begin(flapping))
    assert may_send(step(begin(flapping), Event.SUCCESS, now=0.0, habits=HABITS))
    for health in (UP, METERED):
        assert may_send(begin(begin(Link(health=health))))


def test_a_link_that_is_down_takes_no_request_not_even_as_a_trial() -> None:
    assert not may_send(Link(health=DOWN, next_trial=0.0))


def test_after_a_strangers_answer_nothing_is_sent_even_before_the_state_may_change() -> None:
    link = links("--?", habits=CALM)[-1]
    assert link.health is FLAPPING
    assert not may_send(link)
    assert trial_due(link, now=10.0)


@given(st.text(alphabet="+-", max_size=60))
def test_one_use_moves_the_link_at_most_one_state(story: str) -> None:
    order = [UP, FLAPPING, DOWN]
    seen = [link.health for link in links(story)]
    assert all(abs(order.index(a) - order.index(b)) <= 1 for a, b in pairwise(seen))


@given(st.text(alphabet="+-?$0", max_size=60))
def test_enough_successes_always_bring_it_up_and_enough_failures_down(story: str) -> None:
    assert links(story + "+++")[-1].health in (UP, METERED)
    assert links(story + "------")[-1].health is DOWN


@given(st.lists(st.tuples(st.sampled_from("+-?$0"), st.floats(0.0, 4.0)), max_size=60))
def test_whatever_happens_the_state_changes_at_most_once_in_the_time_to_settle(
    story: list[tuple[str, float]],
) -> None:
    link, now, moved = Link(), 0.0, []
    for mark, pause in story:
        now += pause
        before, link = link, step(link, MARKS[mark], now=now, habits=CALM)
        if link.health is not before.health:
            moved.append(now)
    assert all(later - earlier >= CALM.settle_s for earlier, later in pairwise(moved))
