"""Giving up a draft while it is written: the rule, and the threshold that loses few good ones."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.engines.port import TokenScore
from tidegate.risk.calibrate import Curve
from tidegate.risk.early import LOST, PREFIX, Hope, Prefix, give_up_below, lowest
from tidegate.risk.held_out import HeldOut

CURVE = Curve(("min_logprob",), (0.0,), (1.0,), (1.0,), 2.0, (-10.0, 10.0), (0.0, 1.0))
SURE, UNSURE = TokenScore("x", -0.01), TokenScore("x", -4.0, 1.0, 0.1)


def test_a_sure_draft_is_written_to_its_end_and_a_doubtful_one_is_not() -> None:
    hope = Hope(CURVE, {}, 0.5)
    assert not hope.at_start()
    assert [hope.should_stop(token) for token in (SURE, SURE, UNSURE, SURE)] == [False, False, True, True]


def test_nothing_is_given_up_below_nothing() -> None:
    hope = Hope(CURVE, {}, 0.0)
    assert not any(hope.should_stop(UNSURE) for _ in range(20))


@given(st.lists(st.floats(-30, 0), max_size=30))
def test_what_is_expected_only_counts_when_it_falls(logprobs: list[float]) -> None:
    hope, seen = Hope(CURVE, {}, 0.0), []
    for logprob in logprobs:
        hope.should_stop(TokenScore("x", logprob))
        seen.append(hope.lowest)
    assert seen == sorted(seen, reverse=True)
    assert lowest(CURVE, {}, [TokenScore("x", p) for p in logprobs]) <= min(seen, default=1.0)


def test_a_prefix_has_every_feature_and_knows_the_name_from_the_values() -> None:
    prefix = Prefix({"tools": 3.0, "pass_odds": -2.0})
    for text, logprob in (
        ("<tool_call>", 0.0),
        ('{"name": "', 0.0),
        ("Get", -1.0),
        ('", "arguments": {"', 0.0),
        ("x", -2.0),
    ):
        prefix = prefix.then(TokenScore(text, logprob, 0.5, 1.0))
    row = prefix.row()
    assert row.keys() >= set(PREFIX) - {"call_odds", "first_entropy", "params", "words"}
    assert (row["name_logprob"], row["value_logprob"], row["named_yet"], row["tools"]) == (
        -1.0,
        -2.0,
        1.0,
        3.0,
    )


def drafts(count: int, seed: int) -> HeldOut:
    dice = random.Random(seed)
    sure = [dice.random() for _ in range(count)]
    return HeldOut(
        tuple(sure),
        tuple(float(dice.random() > s) for s in sure),
        tuple(s * dice.random() ** 0.3 for s in sure),
    )


@pytest.mark.parametrize("seed", range(5))
def test_few_of_the_drafts_that_would_be_kept_are_given_up(seed: int) -> None:
    bar = give_up_below(drafts(4000, seed), 0.7)
    fresh = drafts(40_000, seed + 100)
    kept = [low for low, sure in zip(fresh.lowest, fresh.sure, strict=True) if sure >= 0.7]
    others = [low for low, sure in zip(fresh.lowest, fresh.sure, strict=True) if sure < 0.7]
    assert 0.3 * LOST < sum(low < bar for low in kept) / len(kept) < 2 * LOST
    assert sum(low < bar for low in others) / len(others) > 0.2


def test_too_few_drafts_give_nothing_up_and_where_nothing_is_kept_all_is() -> None:
    assert give_up_below(drafts(40, 1), 0.7) == 0.0
    assert give_up_below(None, 0.7) == 0.0
    assert give_up_below(HeldOut((0.9,), (0.0,)), 0.7) == 0.0
    assert give_up_below(drafts(40, 1), 1.01) == 1.0
