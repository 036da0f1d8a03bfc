"""Fitting and measuring, against numbers that can be worked out by hand or by counting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.risk.fit import (
    auroc,
    calibration_error,
    crossfitted,
    isotonic,
    logistic,
    platt,
    sigmoid,
    threshold,
)

RNG = np.random.default_rng(5)
ROWS = RNG.normal(size=(2000, 3))
TRUTH = sigmoid(1.5 * ROWS[:, 0] - 0.7 * ROWS[:, 1] + 0.4)
RIGHT = RNG.random(2000) < TRUTH


def test_the_fit_finds_the_coefficients_the_data_came_from() -> None:
    line = logistic(ROWS, RIGHT, ridge=0.1)
    slopes = line.weights / line.scale
    assert slopes == pytest.approx([1.5, -0.7, 0.0], abs=0.2)


def test_a_column_that_never_changes_does_no_harm() -> None:
    rows = np.hstack([ROWS, np.ones((2000, 1))])
    assert auroc(logistic(rows, RIGHT).scores(rows), RIGHT) == pytest.approx(auroc(TRUTH, RIGHT), abs=0.01)


def test_cross_fitted_scores_are_calibrated_on_rows_not_seen() -> None:
    scores = crossfitted(ROWS, RIGHT, logistic)
    curve = isotonic(scores[:1000], RIGHT[:1000])
    assert calibration_error(curve.at(scores[1000:]), RIGHT[1000:]) < 0.05


def test_equal_scores_whose_mean_rounds_above_them_leave_the_points_in_order() -> None:
    curve = isotonic(np.array([0.1, 0.1, 0.1, 0.1]), np.array([False, False, False, True]))
    assert (0.1 + 0.1 + 0.1) / 3 > 0.1
    assert list(curve.x) == sorted(curve.x)


def test_a_logistic_curve_undoes_scores_that_claim_too_much() -> None:
    scores = 2 * crossfitted(ROWS, RIGHT, logistic)
    curve = platt(scores[:1000], RIGHT[:1000])
    assert np.abs(curve.at(scores) - TRUTH).mean() < 0.03
    assert np.abs(sigmoid(scores) - TRUTH).mean() > 0.08
    assert list(curve.y) == sorted(curve.y)
    assert 0 < curve.y[0] < curve.y[-1] < 1


_scored = st.lists(st.tuples(st.floats(-10, 10), st.booleans()), min_size=1, max_size=80)


@given(_scored)
def test_a_calibration_curve_never_falls_and_stays_inside_zero_and_one(
    pairs: list[tuple[float, bool]],
) -> None:
    curve = isotonic(np.array([s for s, _ in pairs]), np.array([r for _, r in pairs]))
    at = curve.at(np.linspace(-12, 12, 200))
    assert (np.diff(at) >= -1e-12).all()
    assert 0 < at.min() <= at.max() < 1


@given(_scored)
def test_auroc_is_the_share_of_pairs_in_order(pairs: list[tuple[float, bool]]) -> None:
    scores, right = np.array([s for s, _ in pairs]), np.array([r for _, r in pairs])
    wins = [(a > b) + (a == b) / 2 for a in scores[right] for b in scores[~right]]
    assert auroc(scores, right) == pytest.approx(float(np.mean(wins)) if wins else 0.5)


def test_the_threshold_is_the_lowest_that_keeps_its_promise() -> None:
    sure = np.linspace(1, 0, 200)
    right = np.arange(200) % 10 != 9
    right[100:] = False
    bar = threshold(sure, right, wrong_at_most=0.1)
    kept = sure >= bar
    assert (~right[kept]).mean() <= 0.1
    assert kept.sum() == 100


def test_a_promise_no_threshold_keeps_keeps_nothing() -> None:
    assert threshold(np.linspace(0, 1, 100), np.zeros(100, dtype=bool), wrong_at_most=0.1) > 1


def test_a_handful_of_right_answers_is_no_evidence() -> None:
    sure, right = np.linspace(1, 0, 100), np.arange(100) < 10
    assert threshold(sure, right, wrong_at_most=0.05) > 1


@pytest.mark.parametrize(("claimed", "error"), [(0.7, 0.0), (0.9, 0.2), (0.2, 0.5)])
def test_calibration_error_is_the_gap_between_claim_and_outcome(claimed: float, error: float) -> None:
    right = np.tile(np.arange(10) < 7, 10)
    assert calibration_error(np.full(100, claimed), right, bins=1) == pytest.approx(error)
