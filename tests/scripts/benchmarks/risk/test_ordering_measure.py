"""How ordering is measured: within each fold, by text, with every row counted once."""

from __future__ import annotations

import numpy as np
import pytest

from scripts.benchmarks.risk.ordering import FOLDS, by_text, pooled, within
from tidegate.risk.learn import dealt
from tidegate.risk.outcomes import Outcome


def test_a_rank_does_not_depend_on_the_scale_of_the_probabilities() -> None:
    sure = np.array([0.2, 0.9, 0.5, 0.5])
    assert within(sure) == pytest.approx([0.125, 0.875, 0.5, 0.5])
    assert within(0.01 * sure - 3) == pytest.approx(within(sure))
    assert len(within(np.array([]))) == 0


def test_folds_of_different_fits_are_alike_after_ranking() -> None:
    """A fit that is surer of everything sends no fewer of its fold."""
    low, high = within(np.array([0.1, 0.2, 0.3])), within(np.array([0.7, 0.8, 0.9]))
    assert low == pytest.approx(high)


def test_rows_of_one_text_are_drawn_together_and_none_is_lost() -> None:
    rows = [Outcome(text, 1.0, 1.0) for text in ("a b", "c", "a  b", "d")]
    groups = by_text(rows)
    assert [list(group) for group in groups] == [[0, 2], [1], [3]]


def test_the_measure_as_first_taken_is_biased_against_a_fit_that_knows_nothing() -> None:
    """Texts without a word in common, outcomes by chance: what is pooled puts the fold that went worst last."""
    rng = np.random.default_rng(0)
    rows = [
        Outcome("".join(rng.choice(list("abcdefgh"), 12)), float(rng.random() < 0.5), 1.0) for _ in range(60)
    ]
    fold = dealt([o.prompt for o in rows], FOLDS, 7)
    (sure,) = pooled(rows)
    share = [
        float(np.mean([o.weak for o, at in zip(rows, fold, strict=True) if at == k])) for k in range(FOLDS)
    ]
    told = [float(sure[fold == k].mean()) for k in range(FOLDS)]
    assert np.corrcoef(share, told)[0, 1] < 0
