"""The watch over a promise: what it may spend, what it finds, and that only a new fit relaxes it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.errors import BadRequest
from tidegate.risk.monitor import (
    Answered,
    Effect,
    Heard,
    Refitted,
    Slip,
    State,
    Watch,
    begin,
    bet,
    drawn,
    settled,
    slip,
    stake,
    step,
)
from tidegate.risk.promise import Promise

PROMISE = Promise(0.05, 0.95)


def watch(floor: float = 0.2) -> Watch:
    return begin(PROMISE, keep_at=0.8, tighter=0.9, floor=floor)


@given(st.floats(0.01, 0.3), st.floats(0.05, 1.0), st.floats(0.0, 1.0))
def test_while_the_promise_just_holds_no_bet_gains_on_average(
    promised: float, floor: float, more: float
) -> None:
    chance = floor + more * (1 - floor)
    start = stake()
    for _ in range(3):
        start = bet(start, promised=promised, floor=floor, wrong=None, chance=chance)
    wrong, right, unseen = (
        bet(start, promised=promised, floor=floor, wrong=w, chance=chance).total for w in (1.0, 0.0, None)
    )
    mean = chance * (promised * wrong + (1 - promised) * right) + (1 - chance) * unseen
    assert mean == pytest.approx(start.total)
    assert min(wrong, right, unseen) > 0


def test_answers_that_nobody_drew_cost_nothing_and_drawn_ones_count_as_right_until_their_verdict() -> None:
    start = bet(stake(), promised=0.05, floor=0.2, wrong=1.0, chance=0.2)
    unseen = bet(start, promised=0.05, floor=0.2, wrong=None, chance=0.2)
    assert (unseen.total, unseen.answers) == (start.total, start.answers + 1)
    waiting = bet(start, promised=0.05, floor=0.2, wrong=None, chance=0.2, drawn=True)
    right = bet(start, promised=0.05, floor=0.2, wrong=0.0, chance=0.2)
    assert waiting.total == pytest.approx(right.total)
    assert waiting.audits == start.audits


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.booleans()), max_size=60), st.floats(0.05, 1.0)
)
def test_a_verdict_that_comes_late_never_shows_more_wealth_than_all_verdicts_will_make(
    verdicts: list[tuple[float, bool]], floor: float
) -> None:
    """The stakes are those of the draw: with all verdicts in, the order in which they came is not to be seen."""
    now = start = stake()
    waiting: list[tuple[Slip, float]] = []
    whole = [*start.fixed, *(one.money for one in start.bettors)]
    for wrong, late in verdicts:
        staked = slip(now, promised=0.05, floor=floor, chance=floor)
        sizes = (*staked.fixed, *staked.bettors)
        whole = [m * (1 + s * (wrong - 0.05) / floor) for m, s in zip(whole, sizes, strict=True)]
        if late:
            waiting.append((staked, wrong))
            now = bet(now, promised=0.05, floor=floor, wrong=None, chance=floor, drawn=True)
        else:
            now = bet(now, promised=0.05, floor=floor, wrong=wrong, chance=floor)
        assert now.total <= sum(whole) * (1 + 1e-9)
    for staked, wrong in reversed(waiting):
        now = settled(now, staked, promised=0.05, wrong=wrong)
    assert now.total == pytest.approx(sum(whole))


def test_both_watches_have_the_whole_level_because_the_second_waits_for_the_first() -> None:
    now, levels = watch(floor=1.0), []
    for _ in range(400):
        levels.append(now.level)
        now, _ = step(now, Answered(1.0, 1.0))
    assert now.state is State.STOPPED
    assert set(levels) == {PROMISE.level}


def test_a_slip_of_an_older_release_is_settled_as_it_was_staked() -> None:
    old = Slip((2.0,) * 3, (2.0,) * 2, 0.2)
    start = stake()
    after = settled(start, old, promised=0.05, wrong=1.0)
    assert after.total == pytest.approx(start.total * (1 + 2 * (1 / 0.2 - 0.05)) / (1 - 2 * 0.05))


def test_a_wrong_answer_heard_of_late_rings_the_alarm_as_one_heard_of_at_once() -> None:
    once, late = watch(floor=1.0), watch(floor=1.0)
    for _ in range(400):
        if State.STOPPED in (once.state, late.state):
            break
        once, _ = step(once, Answered(1.0, 1.0))
        staked = drawn(late)
        late, effects = step(late, Answered(None, 1.0, drawn=True))
        assert not effects
        late, _ = step(late, Heard(1.0, staked))
    assert once.state is late.state is State.STOPPED


@settings(max_examples=50)
@given(st.lists(st.one_of(st.sampled_from([None, 0.0, 0.5, 1.0]), st.just("refit")), max_size=300))
def test_the_threshold_never_falls_except_by_a_new_fit(events: list[float | str | None]) -> None:
    now = watch(floor=0.9)
    for event in events:
        if isinstance(event, str):
            now, effects = step(now, Refitted(0.7, 0.85))
            assert (now.state, now.keep_at, effects) == (State.KEEPING, 0.7, ())
            continue
        after, effects = step(now, Answered(event, 0.95))
        assert after.keep_at >= now.keep_at
        assert (after.keep_at > now.keep_at) == (Effect.RAISE_ALARM in effects)
        now = after


def test_the_table_from_keeping_to_stopped() -> None:
    now, told = watch(floor=1.0), []
    for _ in range(400):
        now, effects = step(now, Answered(1.0, 1.0))
        if effects:
            told.append((now.state, *effects))
    assert told == [
        (State.TIGHTENED, Effect.RAISE_ALARM, Effect.KEEP_LESS),
        (State.STOPPED, Effect.RAISE_ALARM, Effect.ESCALATE_ALL),
    ]
    assert step(now, Answered(1.0, 1.0)) == (now, ())


def test_a_promise_that_was_never_feasible_is_watched_as_stopped() -> None:
    assert begin(PROMISE, keep_at=1.01, tighter=1.01, floor=0.1).state is State.STOPPED


def test_audits_less_likely_than_the_floor_and_a_looser_tightening_are_refused() -> None:
    with pytest.raises(BadRequest):
        step(watch(floor=0.2), Answered(None, 0.1))
    with pytest.raises(BadRequest):
        begin(PROMISE, keep_at=0.9, tighter=0.8, floor=0.1)


def test_the_estimate_weighs_audits_by_the_inverse_of_their_chance() -> None:
    rng, money = np.random.default_rng(1), stake()
    for _ in range(4000):
        hard = rng.random() < 0.3
        chance, wrong = (0.8, rng.random() < 0.2) if hard else (0.1, rng.random() < 0.01)
        seen = float(wrong) if rng.random() < chance else None
        money = bet(money, promised=0.05, floor=0.1, wrong=seen, chance=chance)
    assert money.estimate == pytest.approx(0.3 * 0.2 + 0.7 * 0.01, abs=0.015)


def found_at(rate: float, floor: float, rng: np.random.Generator, answers: int) -> int:
    """Audits until the alarm; -1 when none came."""
    now = watch(floor)
    audited = rng.random(answers) < floor
    wrong = rng.random(answers) < rate
    for at in range(answers):
        now, effects = step(now, Answered(float(wrong[at]) if audited[at] else None, floor))
        if effects:
            return now.wealth.audits or int(audited[: at + 1].sum())
    return -1


def test_false_alarms_are_rare_and_a_breach_is_found_with_few_audits() -> None:
    rng = np.random.default_rng(2)
    assert sum(found_at(0.05, 0.2, rng, 3000) >= 0 for _ in range(40)) <= 2 + 3 * math.sqrt(2)
    needed = [found_at(0.15, 0.2, rng, 5000) for _ in range(20)]
    gain = 0.15 * math.log(3) + 0.85 * math.log(0.85 / 0.95)
    assert min(needed) > 0
    assert float(np.mean(needed)) <= 2 * math.log(1 / PROMISE.level) / gain + 30
