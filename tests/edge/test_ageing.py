"""Things age by time that has passed: a wall clock that jumps ahead makes nothing old, and is believed only when it has stood."""

from __future__ import annotations

import pytest

from edge.ageing import SLACK_S, Ageing
from tests.fakes.clocks import WrongClock
from tidegate.logs import Log

DAY, YEAR = 86_400.0, 365 * 86_400.0
HOLD = 7 * DAY


def ageing() -> tuple[WrongClock, Ageing]:
    clock = WrongClock()
    return clock, Ageing(clock, Log("tests"))


def test_time_that_passes_ages_by_as_much() -> None:
    clock, ages = ageing()
    for hours in (1, 24, 24 * 400):  # however long nobody looked
        clock.advance(hours * 3600)
        assert ages.now(HOLD) == clock.now()


def test_a_clock_that_is_corrected_a_little_has_not_jumped(caplog: pytest.LogCaptureFixture) -> None:
    clock, ages = ageing()
    clock.wrong = SLACK_S
    assert ages.now(HOLD) == clock.now()
    assert "clock_jumped" not in caplog.text


def test_a_jump_ahead_ages_nothing_and_time_goes_on_from_before(caplog: pytest.LogCaptureFixture) -> None:
    clock, ages = ageing()
    clock.wrong = YEAR
    for _ in range(20):  # not the first look alone
        clock.advance(3600)
        assert ages.now(HOLD) == clock.at
    assert caplog.text.count("clock_jumped") == 1


def test_a_jump_ahead_that_stands_is_believed_when_what_was_kept_is_past_its_time_anyway() -> None:
    clock, ages = ageing()
    clock.wrong = YEAR
    ages.now(HOLD)
    clock.advance(HOLD - 1)
    assert ages.now(HOLD) == clock.at
    clock.advance(1)
    assert ages.now(HOLD) == clock.now()


def test_a_jump_that_is_taken_back_leaves_nothing_behind() -> None:
    clock, ages = ageing()
    for wrong in (YEAR, 0.0):
        clock.wrong = wrong
        clock.advance(3600)
        assert ages.now(HOLD) == clock.at


def test_a_jump_back_is_believed_and_putting_it_right_ages_nothing() -> None:
    clock, ages = ageing()
    clock.wrong = -YEAR
    assert ages.now(HOLD) == clock.now()
    clock.wrong = 0.0  # by the clock, what was written meanwhile is a year old
    assert ages.now(HOLD) == clock.at - YEAR


def test_a_second_jump_is_held_back_as_long_as_the_first() -> None:
    clock, ages = ageing()
    clock.wrong = YEAR
    ages.now(HOLD)
    clock.advance(HOLD - 1)
    clock.wrong = 2 * YEAR
    ages.now(HOLD)
    clock.advance(HOLD - 1)
    assert ages.now(HOLD) == clock.at
