"""Intervals: against oracles that are slower and simpler, and against what every interval must hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.evaluation.intervals import (
    Matches,
    bootstrap,
    f_measure,
    middle,
    miscalibration,
    separation,
    wilson,
)
from tidegate.risk.fit import auroc, calibration_error

shares = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
# Few levels, so that ties occur in most examples.
scored = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (50, 100, 0.4038, 0.5962)],
)
def test_wilson_gives_the_published_bounds(hits: int, n: int, low: float, high: float) -> None:
    found = wilson(hits, n)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@given(shares)
def test_a_share_lies_in_its_interval_and_the_interval_in_zero_to_one(share: tuple[int, int]) -> None:
    found = wilson(*share)
    assert 0.0 <= found.low <= found.value <= found.high <= 1.0
    assert found.low < found.high


@given(shares)
def test_misses_mirror_hits(share: tuple[int, int]) -> None:
    hits, n = share
    there, back = wilson(hits, n), wilson(n - hits, n)
    assert (there.low, there.high) == pytest.approx((1 - back.high, 1 - back.low))


@given(shares)
def test_ten_times_as_many_requests_narrow_the_interval(share: tuple[int, int]) -> None:
    hits, n = share
    few, many = wilson(hits, n), wilson(10 * hits, 10 * n)
    assert many.high - many.low < few.high - few.low


@pytest.mark.parametrize(("p", "n"), [(0.5, 20), (0.1, 30), (0.9, 50), (0.97, 100)])
def test_the_true_share_lies_inside_about_as_often_as_promised(p: float, n: int) -> None:
    inside = sum(
        math.comb(n, hits) * p**hits * (1 - p) ** (n - hits)
        for hits in range(n + 1)
        if wilson(hits, n).low <= p <= wilson(hits, n).high
    )
    assert inside >= 0.91


def test_nothing_counted_is_no_figure() -> None:
    assert math.isnan(wilson(0, 0).value)
    assert math.isnan(bootstrap(0, lambda rows: 1.0).value)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    values = np.random.default_rng(3).normal(size=80)
    first, again, other = (
        bootstrap(80, lambda rows: float(values[rows].mean()), seed=seed) for seed in (1, 1, 2)
    )
    assert first == again
    assert (first.low, first.high) != (other.low, other.high)


def test_the_bootstrap_of_a_mean_agrees_with_the_normal_formula() -> None:
    values = np.random.default_rng(4).normal(10.0, 3.0, size=400)
    found = bootstrap(400, lambda rows: float(values[rows].mean()))
    half = 1.96 * values.std() / 20
    assert (found.low, found.high) == pytest.approx(
        (values.mean() - half, values.mean() + half), abs=0.15 * half
    )


def test_draws_that_cannot_be_judged_are_left_out() -> None:
    positive = np.array([True] + [False] * 11)  # a third of all draws hold no positive
    found = separation(np.arange(12, dtype=np.float64), positive)
    assert found.value == 0.0
    assert not math.isnan(found.high)


@settings(max_examples=15, deadline=None)  # a thousand draws each
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=30))
def test_a_figure_lies_in_its_own_interval(values: list[float]) -> None:
    found = middle(values)
    assert found.low <= found.value <= found.high


@given(scored)
def test_auroc_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[int, bool]]) -> None:
    hits = [score for score, right in rows if right]
    misses = [score for score, right in rows if not right]
    found = auroc(np.array([float(s) for s, _ in rows]), np.array([r for _, r in rows]))
    if not hits or not misses:
        assert found == 0.5
        return
    pairs = [1.0 if hit > miss else 0.5 if hit == miss else 0.0 for hit in hits for miss in misses]
    assert found == pytest.approx(sum(pairs) / len(pairs))


def test_auroc_of_one_class_is_no_figure() -> None:
    assert math.isnan(separation(np.array([0.1, 0.9]), np.array([True, True])).value)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60), st.integers(1, 12))
def test_the_calibration_error_is_the_weighted_gap_of_equal_bins(
    rows: list[tuple[float, bool]], bins: int
) -> None:
    ordered = sorted(rows, key=lambda row: row[0])
    size, more = divmod(len(ordered), bins)
    gap, at = 0.0, 0
    for place in range(bins):
        part = ordered[at : at + size + (place < more)]
        at += len(part)
        gap += abs(sum(p for p, _ in part) - sum(right for _, right in part))
    found = calibration_error(np.array([p for p, _ in rows]), np.array([r for _, r in rows]), bins)
    # Equal probabilities may be dealt to bins in another order; then the oracle's gap is another one as well.
    if len({p for p, _ in rows}) == len(rows):
        assert found == pytest.approx(gap / len(rows))
    assert 0.0 <= found <= 1.0


def test_claims_that_come_true_have_hardly_any_calibration_error_and_false_ones_much() -> None:
    rng = np.random.default_rng(8)
    claimed = rng.random(4000)
    true, false = rng.random(4000) < claimed, rng.random(4000) < claimed / 2
    assert miscalibration(claimed, true).high < 0.05
    assert miscalibration(claimed, false).low > 0.2


rows_of_matches = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)).map(
        lambda t: Matches(t[0], t[0] + t[1], t[0] + t[2])
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=15, deadline=None)
@given(rows_of_matches)
def test_f1_is_the_harmonic_mean_of_precision_and_recall(matches: list[Matches]) -> None:
    right, found, wanted = (
        sum(m.right for m in matches),
        sum(m.found for m in matches),
        sum(m.wanted for m in matches),
    )
    figure = f_measure(matches)
    assert figure.n == wanted
    if right:
        precision, recall = right / found, right / wanted
        assert figure.value == pytest.approx(2 * precision * recall / (precision + recall))
    elif found + wanted:
        assert figure.value == 0.0
    else:
        assert math.isnan(figure.value)
