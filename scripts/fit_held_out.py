"""What travels with a calibration so that a device can make promises by itself: outcomes nothing was learned from, the curve of
early exit, and how far from the outcomes a request may be. Used by scripts/fit_confidence.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from scripts.evaluation.intervals import Rows, bootstrap
from tidegate.engines.port import TokenScore
from tidegate.risk import early
from tidegate.risk.calibrate import Calibration, Curve, Spared
from tidegate.risk.fit import logistic, matrix
from tidegate.risk.held_out import HeldOut
from tidegate.risk.novelty import ROOM, distance
from tidegate.risk.promise import ESCALATE_ALL, Promise
from tidegate.risk.task import Task
from tidegate.risk.terms import spoken, terms

RIDGE = 3.0
FAR = 0.995  # of the outcomes are nearer than this
SHOWN = (0.02, 0.05, 0.10, 0.15)  # promises that are told after a fit


@dataclass(frozen=True, slots=True)
class Written:
    """A draft that could have been kept, in numbers. `strong`: how right the cloud's model was, None when not asked."""

    asked: dict[str, float]  # features before writing
    after: Mapping[str, float]
    tokens: tuple[TokenScore, ...]
    right: bool
    strong: float | None = None


def early_curve(rows: Sequence[Written]) -> Curve | None:
    """P(right) of a draft from any of its beginnings; None when there are too few drafts to learn from."""
    pairs = [(prefix, row.right) for row in rows for prefix in _prefixes(row)]
    if sum(row.right for row in rows) < 20 or all(row.right for row in rows):
        return None
    line = logistic(
        matrix([row for row, _ in pairs], early.PREFIX), np.array([hit for _, hit in pairs]), RIDGE
    )
    grid = np.linspace(-6.0, 6.0, 25)
    return Curve(
        features=early.PREFIX,
        mean=tuple(map(float, line.mean)),
        scale=tuple(map(float, line.scale)),
        weights=tuple(map(float, line.weights)),
        bias=line.bias,
        x=tuple(map(float, grid)),
        y=tuple(float(y) for y in 1 / (1 + np.exp(-grid))),
    )


def nearness(before: Curve, asked: Sequence[dict[str, float]]) -> float:
    """The distance from which on a request is unlike the outcomes."""
    return round(ROOM * float(np.quantile([distance(row, before) for row in asked], FAR)), 4)


def held_out(made: Calibration, rows: Sequence[Written]) -> HeldOut:
    """The outcomes of drafts that the calibration has not seen."""
    strong = tuple(row.strong for row in rows if row.strong is not None)
    return HeldOut(
        sure=tuple(round(made.after.probability(row.after), 5) for row in rows),
        wrong=tuple(float(not row.right) for row in rows),
        lowest=()
        if made.early is None
        else tuple(round(early.lowest(made.early, row.asked, row.tokens), 5) for row in rows),
        entropy=tuple(
            round(sum(token.entropy for token in row.tokens) / max(len(row.tokens), 1), 5) for row in rows
        ),
        strong=strong if len(strong) == len(rows) else (),
    )


def quotes(sure: float, wrong: Sequence[bool]) -> HeldOut:
    """Outcomes of answers that quote a tool's result: all claim the same."""
    return HeldOut(tuple(sure for _ in wrong), tuple(float(x) for x in wrong))


def settled(made: Calibration, shares: Sequence[float]) -> Calibration:
    """The calibration with the threshold of the first of these shares that the kept-back outcomes support as a promise: the
    estimates that the curves were fitted on flatter them a little. As it was where none is supported."""
    for share in shares:
        found = terms(made, Task.CALLS, Promise(share))
        if found.holds:
            return msgspec.structs.replace(made, keep_at=found.keep_at, wrong_at_most=share)
    return made


def told(made: Calibration) -> list[str]:
    """What could be promised with this calibration, a sentence each; and what early exit would spare."""
    found = [
        "  " + spoken(task, terms(made, task, Promise(share)))
        for task in (Task.CALLS, Task.RESULTS)
        if task in made.outcomes
        for share in SHOWN
    ]
    calls = made.outcomes.get(Task.CALLS)
    for share in SHOWN:
        keep_at = terms(made, Task.CALLS, Promise(share)).keep_at
        if calls is not None and calls.lowest and keep_at < ESCALATE_ALL:
            bar = early.give_up_below(calls, keep_at)
            escalated = [low for low, sure in zip(calls.lowest, calls.sure, strict=True) if sure < keep_at]
            given_up = sum(low < bar for low in escalated) / max(len(escalated), 1)
            found.append(
                f"  early exit at {100 * share:g} %: {100 * given_up:.0f} % of the drafts to be escalated are given up"
            )
    return found


def spared(made: Calibration, rows: Sequence[Written], share: float) -> Spared | None:
    """What early exit spares under a promise, on drafts nothing was learned from; None where it cannot be promised."""
    calls, on = made.outcomes.get(Task.CALLS), terms(made, Task.CALLS, Promise(share))
    if calls is None or made.early is None or not on.holds:
        return None
    below = early.give_up_below(calls, on.keep_at)
    kept = np.array([made.after.probability(row.after) >= on.keep_at for row in rows])
    ends = np.array([ended(made.early, row, below) for row in rows])
    tokens = np.array([len(row.tokens) for row in rows])
    gone, whole = (tokens - ends)[~kept], tokens[~kept]
    if not len(whole):
        return None

    def saved(chosen: Rows) -> float:
        return float(gone[chosen].sum() / max(whole[chosen].sum(), 1))

    found = bootstrap(len(whole), saved, resamples=500)
    return Spared(
        wrong_at_most=share,
        drafts=len(whole),
        tokens=round(found.value, 4),
        low=round(found.low, 4),
        high=round(found.high, 4),
        lost=round(float((ends < tokens)[kept].mean()) if kept.any() else 0.0, 4),
    )


def ended(curve: Curve, row: Written, below: float) -> int:
    """How many tokens of a draft are written when it is given up below that. The engine hears of a token while the next one is
    computed, so one more is."""
    hope = early.Hope(curve, row.asked, below)
    if hope.at_start():
        return 1
    for count, token in enumerate(row.tokens, start=1):
        if hope.should_stop(token):
            return min(count + 1, len(row.tokens))
    return len(row.tokens)


def _prefixes(row: Written) -> list[dict[str, float]]:
    prefix = early.Prefix(row.asked)
    found = [prefix.row()]
    for token in row.tokens:
        prefix = prefix.then(token)
        found.append(prefix.row())
    return found
