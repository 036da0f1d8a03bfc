"""Figures with 95 % intervals. Pure; numpy, and the ranks and bins of `tidegate.risk.fit`.

Rule 1: a share has Wilson's score interval; everything else a percentile bootstrap over requests (or sentences), since
these are what was drawn. Rule 2: the same seed gives the same interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegate.risk.fit import Flags, Floats, auroc, calibration_error

Z95 = 1.959963984540054  # the standard normal's 97.5 % point
RESAMPLES = 1000
SEED = 20_261_124
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, the bounds of its 95 % interval, and how many independent things it was counted over."""

    value: float
    low: float
    high: float
    n: int

    @property
    def bounds(self) -> tuple[float, float]:
        return self.low, self.high


def wilson(hits: int, n: int, z: float = Z95) -> Estimate:
    """A share with its score interval (Wilson 1927). Of nothing: not a number, between 0 and 1."""
    if n == 0:
        return Estimate(math.nan, 0.0, 1.0, 0)
    p, square = hits / n, z * z
    scale = 1 + square / n
    middle = (p + square / (2 * n)) / scale
    half = z / scale * math.sqrt(p * (1 - p) / n + square / (4 * n * n))
    # The bounds touch 0 and 1 exactly at the ends; rounding must not leave the share outside them.
    return Estimate(p, max(0.0, min(p, middle - half)), min(1.0, max(p, middle + half)), n)


def bootstrap(
    n: int, figure: Callable[[Rows], float], *, resamples: int = RESAMPLES, seed: int = SEED
) -> Estimate:
    """`figure` of all rows, and the 2.5 % and 97.5 % points of the same over rows drawn with replacement.

    `figure` gets row numbers and may return not-a-number for a draw it cannot judge (one class absent); such draws are
    left out. The interval is widened where it would not hold the figure itself: a biased figure such as a calibration
    error rises when rows repeat.
    """
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, 0)
    rng = np.random.default_rng(seed)
    value = figure(np.arange(n))
    drawn = np.array([figure(rng.integers(0, n, n)) for _ in range(resamples)])
    kept = drawn[~np.isnan(drawn)]
    if not len(kept) or math.isnan(value):
        return Estimate(value, math.nan, math.nan, n)
    low, high = (float(q) for q in np.quantile(kept, (0.025, 0.975)))
    return Estimate(value, min(low, value), max(high, value), n)


def separation(scores: Floats, positive: Flags) -> Estimate:
    """AUROC: the chance that a positive scores above a negative, ties counted half. Not a number where one is absent."""

    def figure(rows: Rows) -> float:
        chosen = positive[rows]
        return auroc(scores[rows], chosen) if chosen.any() and not chosen.all() else math.nan

    return bootstrap(len(scores), figure)


def miscalibration(probabilities: Floats, right: Flags) -> Estimate:
    """Expected calibration error over ten bins of equal count. Its interval leans high, as the figure itself does."""
    return bootstrap(len(right), lambda rows: calibration_error(probabilities[rows], right[rows]))


@dataclass(frozen=True, slots=True)
class Matches:
    """What was found of what was wanted in one request or sentence."""

    right: int
    found: int
    wanted: int


def f_measure(matches: Sequence[Matches]) -> Estimate:
    """Micro-averaged F1: twice the matches over everything found and everything wanted. n counts what was wanted."""
    table = np.array([(m.right, m.found + m.wanted) for m in matches], dtype=np.float64).reshape(-1, 2)

    def figure(rows: Rows) -> float:
        right, total = table[rows].sum(axis=0)
        return 2 * float(right) / float(total) if total else math.nan

    found = bootstrap(len(matches), figure)
    return Estimate(found.value, found.low, found.high, sum(m.wanted for m in matches))


def middle(values: Sequence[float]) -> Estimate:
    """The median of repeated measurements with its bootstrap interval."""
    array = np.array(values, dtype=np.float64)
    return bootstrap(len(array), lambda rows: float(np.median(array[rows])))
