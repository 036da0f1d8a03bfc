"""What travels with a calibration so that a device can make promises by itself: outcomes nothing was learned from, the curve of
early exit, and how far from the outcomes a request may be. Used by scripts/fit_confidence.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tidegate.engines.port import TokenScore
from tidegate.risk import early
from tidegate.risk.calibrate import Calibration, Curve
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


def _prefixes(row: Written) -> list[dict[str, float]]:
    prefix = early.Prefix(row.asked)
    found = [prefix.row()]
    for token in row.tokens:
        prefix = prefix.then(token)
        found.append(prefix.row())
    return found
