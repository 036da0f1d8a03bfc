"""Shares know how little they know, and a change is one only when chance does not explain it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.observe.shares import Change, Share


def test_an_interval_is_the_one_in_the_books() -> None:
    """Newcombe 1998, example (a): 81 of 263."""
    share = Share(81, 263)
    assert share.low == pytest.approx(0.2553, abs=1e-4)
    assert share.high == pytest.approx(0.3662, abs=1e-4)


def test_of_nothing_everything_is_possible() -> None:
    assert (Share(0, 0).low, Share(0, 0).high) == (0.0, 1.0)
    assert not Change(Share(0, 0), Share(3, 9)).moved


@given(st.integers(0, 500), st.integers(1, 500))
def test_the_share_lies_in_its_interval(hits: int, of: int) -> None:
    share = Share(min(hits, of), of)
    assert 0.0 <= share.low <= share.value + 1e-12
    assert share.value - 1e-12 <= share.high <= 1.0


def test_a_difference_is_the_one_in_the_books() -> None:
    """Newcombe 1998, example (a) of differences, method 10: 56 of 70 less 48 of 80 is 0.0524 to 0.3339."""
    change = Change(Share(56, 70), Share(48, 80))
    assert change.low == pytest.approx(0.0524, abs=1e-4)
    assert change.high == pytest.approx(0.3339, abs=1e-4)
    assert change.moved


def test_a_small_difference_of_few_has_not_moved() -> None:
    assert not Change(Share(5, 10), Share(4, 10)).moved
    assert Change(Share(500, 1000), Share(400, 1000)).moved
