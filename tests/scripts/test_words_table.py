"""How the table of words is made, without the embedder."""

from __future__ import annotations

import numpy as np

from scripts.training.words import COMMON, chosen, narrowed, telling
from tidegate.risk.words import WIDTH


def test_whole_words_and_numbers_are_chosen_and_pieces_and_signs_are_not() -> None:
    found = chosen(["[CLS]", "the", "##ing", "1990", "!", "λ", "é", "b2", "人"])
    assert found == [(1, "the"), (3, "1990"), (5, "λ"), (7, "b2")]


def test_a_rare_word_tells_more_than_a_common_one() -> None:
    the, sofa, euler, digit = telling(np.array([COMMON, COMMON + 8_000, COMMON + 25_000, 1_015]))
    assert the < sofa < euler
    assert digit < sofa


def test_words_near_each_other_stay_near_when_made_narrow() -> None:
    rng = np.random.default_rng(4)
    middles = rng.normal(size=(200, 2 * WIDTH))
    vectors = np.repeat(middles, 3, axis=0) + 0.05 * rng.normal(size=(600, 2 * WIDTH))
    made = narrowed(vectors, range(COMMON, COMMON + 600))
    assert made.shape == (600, WIDTH)
    unit = made / np.linalg.norm(made, axis=1, keepdims=True)
    assert unit[0] @ unit[1] > 0.9
    assert unit[0] @ unit[3] < 0.5
