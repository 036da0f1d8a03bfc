"""How finds are compared with gold: worked examples by hand."""

from __future__ import annotations

import math

import pytest

from scripts.benchmarks.privacy.labels import class_of, classed, in_their_words
from scripts.benchmarks.privacy.leaks import _left
from scripts.benchmarks.privacy.report import judged
from scripts.benchmarks.privacy.scoring import compare, covered, figures, iou, joined, masked, pairs
from scripts.benchmarks.privacy.values import Mark, Row, marked
from scripts.evaluation.intervals import Estimate, Matches


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((0, 10), (0, 10), 1.0),
        ((0, 10), (5, 15), 5 / 15),
        ((0, 10), (2, 8), 0.6),
        ((0, 10), (10, 20), 0.0),
        ((0, 4), (30, 40), 0.0),
    ],
)
def test_overlap_is_shared_over_all_characters(
    one: tuple[int, int], other: tuple[int, int], expected: float
) -> None:
    assert iou(Mark(*one, "A"), Mark(*other, "B")) == pytest.approx(expected)
    assert iou(Mark(*other, "A"), Mark(*one, "B")) == pytest.approx(expected)


def test_each_mark_counts_once_and_the_best_pair_goes_first() -> None:
    gold = [Mark(0, 10, "A")]
    found = [Mark(0, 7, "A"), Mark(0, 9, "A")]
    assert pairs(gold, found, 0.5, typed=True) == [(0, 1)]
    assert compare(gold, found, 0.5, typed=True) == Matches(right=1, found=2, wanted=1)


def test_exactly_at_the_threshold_is_right_and_below_is_not() -> None:
    gold = [Mark(0, 4, "A")]
    assert compare(gold, [Mark(0, 3, "A")], 0.75, typed=True).right == 1
    assert compare(gold, [Mark(0, 2, "A")], 0.75, typed=True).right == 0


def test_the_wrong_kind_is_right_only_where_kinds_do_not_count() -> None:
    gold, found = [Mark(0, 5, "A")], [Mark(0, 5, "B")]
    assert compare(gold, found, 0.5, typed=True).right == 0
    assert compare(gold, found, 0.5, typed=False).right == 1


def test_f2_weighs_recall_four_times() -> None:
    one = figures([Matches(right=6, found=8, wanted=12)], beta=2.0)
    precision, recall = 6 / 8, 6 / 12
    assert one.precision.value == pytest.approx(precision)
    assert one.recall.value == pytest.approx(recall)
    assert one.f.value == pytest.approx(5 * precision * recall / (4 * precision + recall))
    assert one.wanted == 12


def test_figures_are_of_all_rows_together_and_nothing_of_nothing_is_no_number() -> None:
    one = figures([Matches(1, 1, 1), Matches(0, 0, 3)], beta=1.0)
    assert one.recall.value == pytest.approx(0.25)
    assert one.recall.low <= 0.25 <= one.recall.high
    assert math.isnan(figures([Matches(0, 0, 0)], beta=1.0).f.value)


def test_overlapping_finds_become_the_surest_then_the_longest() -> None:
    weak, sure, apart = Mark(0, 9, "A", 0.5), Mark(5, 12, "B", 0.9), Mark(20, 22, "C", 0.1)
    assert joined([weak, apart, sure]) == (sure, apart)
    assert joined([Mark(0, 4, "A"), Mark(0, 6, "B")]) == (Mark(0, 6, "B"),)


def test_a_name_is_hidden_when_no_letter_of_it_is_left() -> None:
    row = marked("It was {PERSON|J.o.y}!")
    assert covered(row.text, row.marks[0], [Mark(7, 8, "X"), Mark(9, 10, "X"), Mark(11, 12, "X")]) == 1.0
    assert covered(row.text, row.marks[0], [Mark(7, 8, "X")]) == pytest.approx(1 / 3)


def test_masking_leaves_the_rest_as_it_is() -> None:
    assert masked("call Ana now", [Mark(5, 8, "PERSON")]) == "call █ now"


@pytest.mark.parametrize(
    ("hidden", "whole", "parts"),
    [("Ana Prado", 0, 0), ("Ana", 0, 1), ("", 1, 1)],
)
def test_a_unit_is_left_whole_or_in_a_word(hidden: str, whole: int, parts: int) -> None:
    row = marked("ask {PERSON|Ana Prado} today")
    start = row.text.index(hidden) if hidden else 0
    assert _left(row, [Mark(start, start + len(hidden), "PERSON")] if hidden else []) == (whole, parts)


def test_a_unit_that_stands_a_second_time_is_still_left() -> None:
    row = Row("Ana, dear ana", (Mark(0, 3, "PERSON"),))
    assert _left(row, [Mark(0, 3, "PERSON")])[0] == 1


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("PHONE", "phone"),
        ("PHONE_NUMBER", "phone"),
        ("social_security_number", "id"),
        ("ES_NIF", "id"),
        ("US_SSN", "id"),
        ("US_DRIVER_LICENSE", "licence"),
        ("US_BANK_NUMBER", "bank"),
        ("ZIP_CODE", "place"),
        ("SOMETHING_NEW", "something_new"),
    ],
)
def test_everybodys_spelling_of_a_kind_falls_into_one_class(label: str, name: str) -> None:
    assert class_of(label) == name
    assert classed([Mark(0, 1, label)])[0].label == name


def test_marks_keep_their_place_when_renamed_for_the_scorer() -> None:
    assert in_their_words([Mark(3, 9, "LOCATION", 0.5)]) == (Mark(3, 9, "GPE", 0.5),)


@pytest.mark.parametrize(
    ("value", "low", "high", "met", "verdict"),
    [
        (0.95, 0.93, 0.97, True, "met"),
        (0.95, 0.91, 0.97, True, "met, interval spans the bar"),
        (0.90, 0.88, 0.93, False, "missed, interval spans the bar"),
        (0.80, 0.70, 0.90, False, "missed"),
        (math.nan, math.nan, math.nan, False, "not measured"),
    ],
)
def test_a_verdict_says_on_which_side_the_figure_and_its_interval_are(
    value: float, low: float, high: float, met: bool, verdict: str
) -> None:
    assert judged(Estimate(value, low, high, 10), 0.92) == (met, verdict)


def test_where_less_is_better_the_bar_is_an_upper_one() -> None:
    assert judged(Estimate(1.0, 0.5, 1.5, 10), 2.0, at_least=False) == (True, "met")
    assert judged(Estimate(3.0, 2.5, 3.5, 10), 2.0, at_least=False) == (False, "missed")
