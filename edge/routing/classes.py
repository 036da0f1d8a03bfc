"""Kinds of work the local model is known to fail go straight to the cloud: no draft, no wait for one. Pure.

Known means: by the outcomes held out from its calibration, the share of wrong drafts of that kind is at least `fails_from`
with 95 % confidence (Clopper and Pearson's exact lower bound). Few outcomes prove little, so a kind nobody measured is tried.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.risk.calibrate import Calibration
from tidegate.risk.task import Task

FAILS_FROM = 0.5  # more often wrong than right
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Tally:
    """Outcomes of one kind: how many, and how many of them wrong."""

    seen: int
    wrong: int


def known_to_fail(tally: Tally, fails_from: float = FAILS_FROM) -> bool:
    """Whether so many wrong ones would be seen in at most one of twenty samples if less than `fails_from` were wrong."""
    if tally.seen == 0 or not 0 < fails_from < 1:
        return False
    return upper_tail(tally.seen, tally.wrong, fails_from) <= 1 - CONFIDENCE


def wrong_at_least(tally: Tally) -> float:
    """The share of wrong drafts that is exceeded with confidence; 0 where nothing was seen."""
    if tally.seen == 0 or tally.wrong == 0:
        return 0.0
    low, high = 0.0, tally.wrong / tally.seen
    for _ in range(40):  # the tail rises with the share: halve until 1e-12
        middle = (low + high) / 2
        low, high = (
            (middle, high) if upper_tail(tally.seen, tally.wrong, middle) <= 1 - CONFIDENCE else (low, middle)
        )
    return low


def upper_tail(n: int, k: int, p: float) -> float:
    """P(X >= k) for X binomial (n, p), summed in logarithms so that no term underflows."""
    if k <= 0:
        return 1.0
    if p <= 0:
        return 0.0
    if p >= 1:
        return 1.0
    whole = math.lgamma(n + 1)
    logs = [
        whole - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * math.log(p) + (n - i) * math.log1p(-p)
        for i in range(k, n + 1)
    ]
    top = max(logs)
    return min(1.0, math.exp(top) * math.fsum(math.exp(one - top) for one in logs))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about one kind of work, worked out once per model."""

    seen: int
    wrong_at_least: float
    fails: bool


def known(tallies: Mapping[Task, Tally], fails_from: float = FAILS_FROM) -> Mapping[Task, Known]:
    """The same for every kind with outcomes."""
    return {
        task: Known(tally.seen, wrong_at_least(tally), known_to_fail(tally, fails_from))
        for task, tally in tallies.items()
    }


def tallies(calibration: Calibration | None) -> dict[Task, Tally]:
    """The outcomes held out from the model's calibration, counted by kind of work. One counts as wrong from a half on."""
    found = calibration.outcomes if calibration is not None else {}
    return {
        Task(task): Tally(len(rows.wrong), sum(1 for wrong in rows.wrong if wrong >= 0.5))
        for task, rows in found.items()
        if task in frozenset(Task)
    }
