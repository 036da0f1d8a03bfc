"""From logits to choices."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.engines.score import choose, describe, mass

LOGITS = np.array([0.0, 3.0, 1.0, 2.0], dtype=np.float32)


def test_greedy_takes_the_best() -> None:
    choice = choose(LOGITS, LOGITS, temperature=0, top_p=1, draw=lambda: 0.99, top=2)
    assert choice.token == 1
    assert [t for t, _ in choice.top] == [1, 3]
    assert choice.margin == pytest.approx(1.0)


def test_what_is_masked_is_never_taken_but_the_scores_stay_the_models_own() -> None:
    allowed = LOGITS.copy()
    allowed[1] = -np.inf
    choice = choose(LOGITS, allowed, temperature=0, top_p=1, draw=lambda: 0.5, top=1)
    assert choice.token == 3
    assert choice.logprob == pytest.approx(describe(LOGITS, 3, 1).logprob)
    for draw in (0.0, 0.5, 0.999999):
        assert choose(LOGITS, allowed, temperature=1, top_p=1, draw=partial(float, draw), top=1).token != 1


def test_a_small_top_p_leaves_only_the_best() -> None:
    for draw in (0.0, 0.3, 0.999999):
        assert choose(LOGITS, LOGITS, temperature=5, top_p=0.01, draw=partial(float, draw), top=0).token == 1


def test_draws_follow_the_probabilities() -> None:
    points = (np.arange(1000) + 0.5) / 1000
    taken = [
        choose(LOGITS, LOGITS, temperature=1, top_p=1, draw=partial(float, p), top=0).token for p in points
    ]
    for token in range(4):
        assert taken.count(token) / 1000 == pytest.approx(mass(LOGITS, token), abs=0.003)


@given(st.lists(st.floats(-80, 80, width=32), min_size=2, max_size=50))
def test_scores_are_probabilities(values: list[float]) -> None:
    logits = np.array(values, dtype=np.float32)
    choice = describe(logits, int(np.argmax(logits)), len(values))
    assert sum(math.exp(p) for _, p in choice.top) == pytest.approx(1.0)
    assert 0 <= choice.entropy <= math.log(len(values)) + 1e-9
    assert choice.margin >= 0
