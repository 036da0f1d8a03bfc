"""What the sentry's figures are made of: matches, intervals, and text about other people. No torch."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from scripts.training.sentry_data import Example
from scripts.training.sentry_eval import Count, f1_interval, summed, threshold
from scripts.training.sentry_synth import rename
from scripts.training.sentry_words import Lexicon
from scripts.training.sentry_world import World, held_out

WORLD = World({"en_GB": ["Zoe"]}, {"en_GB": ["Placeholder"]}, ["Sampleton"])
LEXICON = Lexicon(["Zoe"], ["Placeholder"], ["Sampleton"], ["Firm"], ["Weg"], world=WORLD)


def text_of(example: Example) -> list[str]:
    return [example.text[start:end] for start, end, _ in example.spans]


def test_a_full_name_gives_way_to_another_and_every_later_place_moves_with_it() -> None:
    said = Example("Ann Lee met Bo in Leeds.", ((0, 7, "PER"), (12, 14, "PER"), (18, 23, "LOC")), "x")
    found = rename(said, LEXICON, random.Random(1))
    assert text_of(found)[1:] == ["Bo", "Leeds"]
    assert text_of(found)[0].split()[0] != "Ann"
    assert found.text.endswith(" met Bo in Leeds.")


@pytest.mark.parametrize("name", ["ann lee", "Ann Marie Lee", "Ann"])
def test_other_names_stay_what_they_were(name: str) -> None:
    said = Example(f"{name} called", ((0, len(name), "PER"),), "x")
    assert rename(said, LEXICON, random.Random(1)) == said


def test_one_name_in_ten_is_held_out_of_every_list() -> None:
    words = [f"Name{number}" for number in range(2000)]
    assert 0.08 < sum(map(held_out, words)) / len(words) < 0.12


def rows(right: Sequence[int], found: Sequence[int], wanted: Sequence[int]) -> list[dict[str, Count]]:
    return [{"PERSON": Count(*row)} for row in zip(right, found, wanted, strict=True)]


def test_sentences_add_up() -> None:
    total = summed([*rows([1, 0], [1, 1], [2, 0]), {"LOCATION": Count(0, 0, 3)}])
    assert total == {"PERSON": Count(1, 2, 2), "LOCATION": Count(0, 0, 3)}
    assert total["PERSON"].f(1) == pytest.approx(0.5)


def test_the_interval_of_f1_holds_f1_and_narrows_with_more_sentences() -> None:
    few = f1_interval(rows([1, 0] * 10, [1, 1] * 10, [1, 1] * 10), "PERSON")
    many = f1_interval(rows([1, 0] * 400, [1, 1] * 400, [1, 1] * 400), "PERSON")
    assert few[0] < many[0] < 0.5 < many[1] < few[1]
    assert f1_interval(rows([1], [1], [1]), "LOCATION") == (0.0, 0.0)


def test_a_threshold_lets_through_no_more_than_the_rate() -> None:
    scores = [number / 100 for number in range(100)]
    for rate in (0.01, 0.05, 0.5):
        assert sum(score >= threshold(scores, rate) for score in scores) <= rate * len(scores)
