"""Fitting: regularised logistic regression, then isotonic or Platt's calibration. Numpy only; deterministic.

Logistic regression by Newton's method (iteratively reweighted least squares); isotonic regression by pool adjacent
violators (Ayer et al. 1955). Scores for calibrating and for choosing thresholds are cross-fitted: no row is scored by
a fit that has seen it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PLATT_REACH = 6  # log-odds either way; farther out the curve is level
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Line:
    """A logistic model over standardised features."""

    mean: Floats
    scale: Floats
    weights: Floats
    bias: float

    def scores(self, rows: Floats) -> Floats:
        """Log-odds of each row. Features are clipped to five standard deviations: nothing extrapolates far."""
        z = np.clip((rows - self.mean) / self.scale, -5.0, 5.0)
        found: Floats = z @ self.weights + self.bias
        return found


@dataclass(frozen=True, slots=True)
class Steps:
    """A monotone curve through (x, y): straight between the points, level outside."""

    x: tuple[float, ...]
    y: tuple[float, ...]

    def at(self, scores: Floats) -> Floats:
        """The calibrated probability at each score."""
        found: Floats = np.interp(scores, self.x, self.y)
        return found


def logistic(rows: Floats, right: Flags, ridge: float = 1.0) -> Line:
    """Fits by Newton's method. `ridge` is the weight decay, in rows; the bias is not decayed."""
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    scale = np.where(scale < 1e-9, 1.0, scale)
    z = np.clip((rows - mean) / scale, -5.0, 5.0)
    x = np.hstack([z, np.ones((len(z), 1))])
    decay = np.full(x.shape[1], ridge)
    decay[-1] = 1e-6
    beta, y = np.zeros(x.shape[1]), right.astype(np.float64)
    for _ in range(50):
        p = sigmoid(x @ beta)
        slope = x.T @ (p - y) + decay * beta
        curve = (x * (p * (1 - p) + 1e-9)[:, None]).T @ x + np.diag(decay)
        step = np.linalg.solve(curve, slope)
        beta -= step
        if float(np.abs(step).max()) < 1e-8:
            break
    return Line(mean, scale, beta[:-1], float(beta[-1]))


class Scorer(Protocol):
    """Anything fitted that gives log-odds."""

    def scores(self, rows: Floats) -> Floats: ...


def crossfitted(
    rows: Floats,
    right: Flags,
    fit: Callable[[Floats, Flags], Scorer],
    texts: Sequence[str] = (),
    folds: int = 5,
) -> Floats:
    """Each row's log-odds from a fit that has not seen it, nor any other row of its text. Rows, or texts where they are given,
    are dealt to folds in order."""
    scores = np.zeros(len(rows))
    known: dict[str, int] = {}
    places = [known.setdefault(text, len(known)) for text in texts] or range(len(rows))
    fold = np.array(places) % folds
    for k in range(folds):
        scores[fold == k] = fit(rows[fold != k], right[fold != k]).scores(rows[fold == k])
    return scores


def isotonic(scores: Floats, right: Flags) -> Steps:
    """The monotone curve of least squares, through the centres of its level blocks, shrunk by one half row each way.

    The shrinking keeps a block that happens to be all right (or all wrong) from claiming certainty.
    """
    order = np.argsort(scores, kind="stable")
    blocks: list[list[float]] = []  # sum of right, rows, sum of scores
    for score, hit in zip(scores[order], right[order], strict=True):
        blocks.append([float(hit), 1.0, float(score)])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            top = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], top, strict=True)]
    x = np.maximum.accumulate([b[2] / b[1] for b in blocks])  # equal scores: their mean may round below them
    y = np.maximum.accumulate([(b[0] + 0.5) / (b[1] + 1.0) for b in blocks])
    return Steps(tuple(float(v) for v in x), tuple(float(v) for v in y))


def platt(scores: Floats, right: Flags) -> Steps:
    """The logistic curve of these scores (Platt 1999), as points to draw straight lines between."""
    line = logistic(scores[:, None], right)
    x = np.linspace(-PLATT_REACH, PLATT_REACH, 8 * PLATT_REACH + 1)
    return Steps(tuple(map(float, x)), tuple(float(y) for y in sigmoid(line.scores(x[:, None]))))


def threshold(probabilities: Floats, right: Flags, *, wrong_at_most: float, at_least: int = 30) -> float:
    """The lowest bar whose kept answers are wrong in at most `wrong_at_most` of cases; 1.01 (keep none) when no bar does.

    Bars that keep fewer than `at_least` answers are not considered: their error is not known.
    """
    order = np.argsort(-probabilities, kind="stable")
    wrong = np.cumsum(~right[order])
    kept = np.arange(1, len(order) + 1)
    ends = np.append(np.diff(probabilities[order]) < 0, True)  # ties are kept together
    good = ends & (kept >= at_least) & (wrong <= wrong_at_most * kept)
    if not good.any():
        return 1.01
    return float(probabilities[order][np.flatnonzero(good)[-1]])


def auroc(scores: Floats, right: Flags) -> float:
    """The chance that a right row scores above a wrong one, ties counted half; 0.5 when either is missing."""
    hits, misses = int(right.sum()), int((~right).sum())
    if not hits or not misses:
        return 0.5
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    return float((ranks[inverse][right].sum() - hits * (hits + 1) / 2) / (hits * misses))


def calibration_error(probabilities: Floats, right: Flags, bins: int = 10) -> float:
    """Expected calibration error over bins of equal count (Naeini et al. 2015)."""
    if not len(probabilities):
        return 0.0
    parts = np.array_split(np.argsort(probabilities, kind="stable"), bins)
    gaps = [len(p) * abs(float(probabilities[p].mean()) - float(right[p].mean())) for p in parts if len(p)]
    return sum(gaps) / len(probabilities)


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + e^-x) without overflow."""
    found: Floats = np.where(
        x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x)))
    )
    return found


def matrix(rows: Sequence[Mapping[str, float]], names: Sequence[str]) -> Floats:
    """Feature rows as an array, columns in the order of `names`."""
    return np.array([[row[name] for name in names] for row in rows], dtype=np.float64)
