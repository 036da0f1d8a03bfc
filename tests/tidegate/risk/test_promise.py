"""The promise: exact tests against sums by fractions, and the guarantee over resampled calibrations."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import BadConfig
from tidegate.risk.promise import (
    Infeasible,
    Kept,
    Promise,
    allowed,
    binomial_tail,
    decide,
    feasibility_line,
    hoeffding_bentkus,
)


def exact_tail(wrong: int, kept: int, rate: Fraction) -> Fraction:
    return sum((comb(kept, k) * rate**k * (1 - rate) ** (kept - k) for k in range(wrong + 1)), Fraction())


@given(st.integers(1, 60), st.integers(0, 60), st.integers(1, 99))
def test_the_binomial_tail_is_exact(kept: int, wrong: int, percent: int) -> None:
    exact = exact_tail(min(wrong, kept), kept, Fraction(percent, 100))
    assert binomial_tail(wrong, kept, percent / 100) == pytest.approx(float(exact), rel=1e-9, abs=1e-12)


@given(st.integers(1, 80), st.sampled_from([1, 2, 5, 10, 30]))
def test_the_most_wrong_answers_allowed_are_the_last_whose_tail_is_within_the_level(
    kept: int, percent: int
) -> None:
    rate = Fraction(percent, 100)
    most = allowed(kept, percent / 100, 0.05)
    assert most == -1 or exact_tail(most, kept, rate) <= Fraction(5, 100)
    assert most == kept or exact_tail(most + 1, kept, rate) > Fraction(5, 100)


@given(st.integers(1, 60), st.data())
def test_the_bound_for_graded_losses_is_never_below_the_exact_tail(kept: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, kept))
    assert hoeffding_bentkus(wrong / kept, kept, 0.1) >= binomial_tail(wrong, kept, 0.1) - 1e-9


@pytest.mark.parametrize(("percent", "fewest"), [(1, 299), (2, 149), (5, 59), (10, 29)])
def test_a_promise_needs_so_many_answers_all_right(percent: int, fewest: int) -> None:
    promise = Promise(percent / 100)
    assert promise.fewest == fewest
    assert allowed(fewest, percent / 100, promise.level) == 0
    assert allowed(fewest - 1, percent / 100, promise.level) == -1


def test_when_the_outcomes_cannot_support_it_everything_is_escalated_and_the_line_is_shown() -> None:
    found = decide([0.9] * 200, [0.0, 1.0] * 100, Promise(0.05))
    assert isinstance(found, Infeasible)
    assert found.keep_at > 1
    assert found.must_escalate == pytest.approx(feasibility_line(0.5, 0.05)) == pytest.approx(0.45 / 0.95)


def test_too_few_answers_promise_nothing_even_when_all_are_right() -> None:
    assert isinstance(decide([0.9] * 58, [0.0] * 58, Promise(0.05)), Infeasible)
    assert isinstance(decide([0.9] * 59, [0.0] * 59, Promise(0.05)), Kept)


def test_no_outcomes_at_all_promise_nothing() -> None:
    assert isinstance(decide([], [], Promise(0.05)), Infeasible)


@pytest.mark.parametrize(("wrong", "sure"), [(0.0, 0.9), (1.0, 0.9), (0.1, 1.0), (-0.1, 0.5)])
def test_a_promise_that_can_never_or_always_be_kept_is_refused(wrong: float, sure: float) -> None:
    with pytest.raises(BadConfig):
        Promise(wrong, sure)


def test_equal_scores_are_kept_or_sent_together() -> None:
    found = decide([0.9] * 100 + [0.5] * 100, [0.0] * 100 + [1.0] * 100, Promise(0.1))
    assert isinstance(found, Kept)
    assert (found.keep_at, found.kept, found.wrong) == (0.9, 100, 0)


@pytest.mark.parametrize("percent", [2, 10])
def test_resampled_calibrations_break_the_promise_no_more_often_than_they_may(percent: int) -> None:
    rng = np.random.default_rng(percent)
    truth = rng.beta(2.0, 0.25, 20_000)
    wrong = (rng.random(20_000) > truth).astype(float)
    breaches = 0
    for _ in range(150):
        rows = rng.integers(0, len(truth), 800)
        found = decide(truth[rows].tolist(), wrong[rows].tolist(), Promise(percent / 100, 0.9))
        breaches += isinstance(found, Kept) and wrong[truth >= found.keep_at].mean() > percent / 100
    assert breaches <= 15 + 3 * 3.7  # 10 % of 150, and three standard deviations
