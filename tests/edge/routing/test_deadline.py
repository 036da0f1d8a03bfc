"""How long a request waits for a cloud that is slow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.routing.deadline import KEPT, Latency, Patience, expected, observed, worth_waiting

PATIENCE = Patience(quantile=0.9, fewest=3, age_s=60.0)
NEVER = float("inf")


def replies(*seconds: float, at: float = 0.0) -> Latency:
    found = Latency()
    for one in seconds:
        found = observed(found, one, now=at)
    return found


@pytest.mark.parametrize(
    ("seen", "now", "wanted"),
    [
        ((), 0.0, None),
        ((1.0, 1.0), 0.0, None),  # too few
        ((1.0, 2.0, 3.0, 4.0, 5.0), 0.0, 5.0),
        ((1.0,) * 14 + (9.0,), 0.0, 1.0),  # one slow reply in fifteen says nothing
        ((1.0,) * 13 + (9.0,) * 3, 0.0, 9.0),
        ((1.0, 1.0, 1.0, 1.0, NEVER), 0.0, NEVER),
        ((NEVER, NEVER, 1.0, 1.0, 1.0), 0.0, 1.0),  # it is back
        ((NEVER, NEVER, 1.0), 0.0, None),
        ((9.0,) * 20, 61.0, None),  # long ago: it is asked again
    ],
)
def test_the_recent_replies_say_when_one_should_come(
    seen: tuple[float, ...], now: float, wanted: float | None
) -> None:
    assert expected(replies(*seen), now=now, patience=PATIENCE) == wanted


def test_a_call_that_is_out_without_a_word_says_that_replies_take_at_least_that_long() -> None:
    quick = replies(1.0, 1.0, 1.0)
    assert expected(quick, now=0.0, patience=PATIENCE, open_s=4.0) == 4.0
    assert expected(quick, now=0.0, patience=PATIENCE, open_s=0.2) == 1.0
    assert expected(Latency(), now=0.0, patience=PATIENCE, open_s=4.0) == 4.0


@pytest.mark.parametrize(
    ("left", "soon", "has_answer", "wait"),
    [
        (10.0, 2.0, True, 10.0),
        (10.0, 12.0, True, 0.0),
        (10.0, float("inf"), True, 0.0),
        (10.0, None, True, 10.0),
        (10.0, 12.0, False, 10.0),  # nothing else can come
        (-1.0, None, False, 0.0),
    ],
)
def test_a_worse_answer_now_beats_a_better_one_too_late(
    left: float, soon: float | None, has_answer: bool, wait: float
) -> None:
    assert worth_waiting(left, soon, has_answer=has_answer) == wait


@given(st.lists(st.floats(0, 100), max_size=200))
def test_memory_is_bounded_and_the_estimate_is_one_of_the_replies(seconds: list[float]) -> None:
    found = replies(*seconds)
    assert len(found.seen) == min(len(seconds), KEPT)
    soon = expected(found, now=0.0, patience=PATIENCE)
    assert soon is None or soon in seconds[-KEPT:]
