"""When a kind of work is known to fail, held against exact fractions."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.routing.classes import Tally, known, known_to_fail, upper_tail, wrong_at_least
from tidegate.risk.task import Task


def exactly(n: int, k: int, p: Fraction) -> Fraction:
    return sum((comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1)), Fraction(0))


@given(st.integers(1, 60), st.data())
def test_the_tail_is_the_binomial_one(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    p = data.draw(st.fractions(Fraction(1, 100), Fraction(99, 100), max_denominator=100))
    assert upper_tail(n, k, float(p)) == pytest.approx(float(exactly(n, k, p)), rel=1e-9)


@pytest.mark.parametrize(
    ("seen", "wrong", "fails"),
    [
        (0, 0, False),  # nobody knows
        (4, 4, False),  # four of four: one in sixteen by luck
        (5, 5, True),
        (100, 50, False),
        (100, 58, False),
        (100, 59, True),
        (100, 0, False),
    ],
)
def test_it_takes_more_than_bad_luck(seen: int, wrong: int, fails: bool) -> None:
    assert known_to_fail(Tally(seen, wrong)) is fails


@given(st.integers(1, 300), st.data())
def test_the_lower_bound_and_the_verdict_agree(seen: int, data: st.DataObject) -> None:
    tally = Tally(seen, data.draw(st.integers(0, seen)))
    least = wrong_at_least(tally)
    assert 0 <= least <= tally.wrong / seen
    assert known_to_fail(tally) is (least >= 0.5)


def test_a_share_of_one_or_nothing_switches_it_off() -> None:
    assert not known_to_fail(Tally(1000, 1000), 1.0)
    assert not known_to_fail(Tally(1000, 1000), 0.0)


def test_each_kind_is_judged_by_itself() -> None:
    found = known({Task.CALLS: Tally(200, 4), Task.PROSE: Tally(200, 190)})
    assert (found[Task.CALLS].fails, found[Task.PROSE].fails) == (False, True)
    assert found[Task.PROSE].wrong_at_least > 0.9
