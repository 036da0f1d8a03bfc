"""Growing trees for P(right), with numpy alone.

Gradient boosting of logistic loss by Newton steps (Friedman 2001; leaves as in Chen and Guestrin 2016): every tree is grown on a
part of the rows and of the features, drawn by a seed. Trees are small and leaves hold many rows, so that the sum stays smooth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tidegate.risk.fit import Flags, Floats
from tidegate.risk.trees import Tree

DEPTH = 4
_NONE = -1  # no split here: both ways lead to the same leaf
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Growth:
    """How trees are grown. `least`: rows in a leaf; `rows` and `features`: the shares that one tree sees; `decay`, in rows of
    evidence, draws leaves towards 0."""

    count: int = 160
    step: float = 0.05
    depth: int = DEPTH
    least: int = 20
    rows: float = 0.7
    features: float = 0.5
    decay: float = 5.0
    bins: int = 16
    seed: int = 20_261_124


@dataclass(frozen=True, slots=True)
class Grove:
    """A base and the trees added to it."""

    base: float
    trees: tuple[Tree, ...]

    def scores(self, rows: Floats) -> Floats:
        """Log-odds of each row."""
        found: list[list[float]] = rows.tolist()
        return np.array([self.base + sum(tree.value(row) for tree in self.trees) for row in found])


def grow(rows: Floats, right: Flags, how: Growth | None = None) -> Grove:
    """Trees for P(right), on rows of which some are right and some wrong. The same rows give the same trees."""
    how = how or Growth()
    rng = np.random.default_rng(how.seed)
    edges = [_edges(rows[:, at], how.bins) for at in range(rows.shape[1])]
    bins: Ints = np.stack(
        [np.searchsorted(known, rows[:, at], side="right") for at, known in enumerate(edges)], axis=1
    ).astype(np.int64)
    share = float(np.clip(right.mean(), 1e-3, 1 - 1e-3))
    base = math.log(share / (1 - share))
    scores: Floats = np.full(len(rows), base)
    wanted, grown = right.astype(np.float64), []
    for _ in range(how.count):
        p = 1 / (1 + np.exp(-scores))
        planting = _Planting(bins, edges, wanted - p, p * (1 - p) + 1e-6, how, rng)
        tree = planting.tree()
        grown.append(tree)
        scores = scores + _values(tree, bins, edges)
    return Grove(base, tuple(grown))


def _edges(values: Floats, bins: int) -> Floats:
    """Where a feature may be split: its quantiles, rounded as they are written down."""
    found = np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1])
    edges: Floats = np.unique(np.array([float(f"{value:.6g}") for value in found]))
    return edges


class _Planting:
    """One tree being grown."""

    def __init__(
        self, bins: Ints, edges: Sequence[Floats], slope: Floats, curve: Floats, how: Growth, rng: Generator
    ) -> None:
        self._bins, self._edges, self._slope, self._curve, self._how = bins, edges, slope, curve, how
        self._rows: Ints = np.flatnonzero(rng.random(len(bins)) < how.rows)
        self._features = [int(at) for at in np.flatnonzero(rng.random(bins.shape[1]) < how.features)]
        inner = 2**how.depth - 1
        self._asks, self._below, self._leaves = [_NONE] * inner, [0.0] * inner, [0.0] * (inner + 1)

    def tree(self) -> Tree:
        self._node(0, self._rows, self._how.depth)
        return Tree(tuple(self._asks), tuple(self._below), tuple(self._leaves))

    def _node(self, at: int, rows: Ints, depth: int) -> None:
        split = self._best(rows) if depth and len(rows) >= 2 * self._how.least else None
        if split is None:
            self._leaf(at, self._worth(rows))
            return
        feature, index = split
        self._asks[at], self._below[at] = feature, float(self._edges[feature][index])
        left = self._bins[rows, feature] <= index
        self._node(2 * at + 1, rows[left], depth - 1)
        self._node(2 * at + 2, rows[~left], depth - 1)

    def _leaf(self, at: int, worth: float) -> None:
        """The same worth in all leaves below a node."""
        inner = len(self._asks)
        if at >= inner:
            self._leaves[at - inner] = worth
            return
        self._leaf(2 * at + 1, worth)
        self._leaf(2 * at + 2, worth)

    def _worth(self, rows: Ints) -> float:
        whole = float(self._slope[rows].sum()) / (float(self._curve[rows].sum()) + self._how.decay)
        return float(f"{self._how.step * whole:.5g}")

    def _best(self, rows: Ints) -> tuple[int, int] | None:
        """The split that gains most: a feature and the bin up to which rows go left."""
        decay, least = self._how.decay, self._how.least
        slope, curve = self._slope[rows], self._curve[rows]
        all_slope, all_curve = float(slope.sum()), float(curve.sum())
        most, found = 1e-6, None
        for feature in self._features:
            size = len(self._edges[feature]) + 1
            binned = self._bins[rows, feature]
            left = np.bincount(binned, minlength=size).cumsum()[:-1]
            fits = (left >= least) & (len(rows) - left >= least)
            if not fits.any():
                continue
            slopes = np.bincount(binned, slope, size).cumsum()[:-1]
            curves = np.bincount(binned, curve, size).cumsum()[:-1]
            gain = slopes**2 / (curves + decay) + (all_slope - slopes) ** 2 / (all_curve - curves + decay)
            gain = np.where(fits, gain - all_slope**2 / (all_curve + decay), -1.0)
            index = int(gain.argmax())
            if gain[index] > most:
                most, found = float(gain[index]), (feature, index)
        return found


def _values(tree: Tree, bins: Ints, edges: Sequence[Floats]) -> Floats:
    """What the tree adds for every row, by bins."""
    at, inner = np.zeros(len(bins), np.int64), len(tree.asks)
    cuts = np.array(
        [
            0 if asked < 0 else int(np.searchsorted(edges[asked], below))
            for asked, below in zip(tree.asks, tree.below, strict=True)
        ]
    )
    asks = np.array(tree.asks)
    while int(at[0]) < inner:
        asked = asks[at]
        right = (asked >= 0) & (bins[np.arange(len(bins)), asked] > cuts[at])
        at = 2 * at + 1 + right
    found: Floats = np.array(tree.leaves)[at - inner]
    return found
