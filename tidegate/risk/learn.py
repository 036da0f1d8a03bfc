"""Learning from outcomes what escalating would gain: ridge regression over shape and n-grams. Numpy; deterministic.

The ridge is solved in its dual by conjugate gradients (Hestenes & Stiefel 1952), so memory grows with the texts, not with the
square of their number. Where a prompt is unlike everything learned from, a second line speaks alone: only universal
shapes, none of which may count in the wrong direction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegate.risk import grams
from tidegate.risk.fit import Floats
from tidegate.risk.shape import SHAPES, UNIVERSAL, shape

DECAY = 5.0  # of the ridge; each of the three views of a row has a length of about 1
CLIP = 4.0  # standard deviations
STRANGE = (
    1.5  # times the distance that 99 % of the texts learned from keep: from here on a text is unfamiliar
)
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Material:
    """Prompts as numbers: shapes one row each, counts of n-grams, and further features (no columns when there are none)."""

    shapes: Floats
    counts: grams.Sparse
    extra: Floats

    def __len__(self) -> int:
        return len(self.shapes)

    def at(self, rows: Places) -> Material:
        return Material(self.shapes[rows], self.counts.at(rows), self.extra[rows])


@dataclass(frozen=True, slots=True)
class Scale:
    """Standardises columns; a column that never changed keeps a floor, so that a change in it is seen."""

    mean: Floats
    width: Floats

    def apply(self, rows: Floats, clip: float = CLIP) -> Floats:
        found: Floats = np.clip((rows - self.mean) / self.width, -clip, clip)
        return found


@dataclass(frozen=True, slots=True)
class Learner:
    """What was learned. `whiten` and `near` measure how unlike a text is; `far` weighs UNIVERSAL shapes for unlike texts."""

    scale: Scale
    rare: Floats
    bias: float
    shape_weights: Floats
    gram_weights: Floats
    far: Floats
    whiten: Floats
    near: float
    extra_scale: Scale
    extra_weights: Floats

    def gain(self, rows: Material) -> Floats:
        """What escalating is expected to gain over staying, in quality; unfamiliar texts by their universal shapes."""
        known = self.familiarity(rows)
        z = self.scale.apply(rows.shapes)
        inside = self._shapes(z) @ self.shape_weights
        inside += grams.weighed(rows.counts, self.rare).times(self.gram_weights)
        outside = z[:, : len(UNIVERSAL)] @ self.far
        told = self.extra_scale.apply(rows.extra) @ self.extra_weights  # features speak for any text
        found: Floats = self.bias + known * inside + (1 - known) * outside + told
        return found

    def familiarity(self, rows: Material) -> Floats:
        """1 for texts shaped like those learned from, 0 for texts more than twice as far out as any usual one."""
        z = self.scale.apply(rows.shapes, 2 * CLIP)
        found: Floats = np.clip(2 - ((z @ self.whiten) ** 2).mean(axis=1) / self.near, 0.0, 1.0)
        return found

    @staticmethod
    def _shapes(z: Floats) -> Floats:
        found: Floats = z / np.sqrt(z.shape[1])
        return found


def observed(prompts: Sequence[str], extra: Floats | None = None) -> Material:
    """Prompts turned into numbers; nothing of their text is kept."""
    shapes = np.array([shape(prompt) for prompt in prompts], dtype=np.float64).reshape(-1, len(SHAPES))
    none = np.zeros((len(prompts), 0))
    return Material(shapes, grams.counted(prompts), none if extra is None else extra)


def learn(rows: Material, gain: Floats) -> Learner:
    """Fits `gain` (strong minus weak, or minus weak) of each row. Needs at least one row."""
    scale, extra_scale = _scale(rows.shapes, 0.05), _scale(rows.extra, 1e-9)
    rare = grams.rarity(rows.counts)
    z, words = scale.apply(rows.shapes), grams.weighed(rows.counts, rare)
    extra = extra_scale.apply(rows.extra)
    dense = np.hstack([z / np.sqrt(z.shape[1]), extra])
    bias = float(gain.mean())
    dual = _conjugate(dense, words, gain - bias)
    weights = dense.T @ dual
    whiten = _whitening(z)
    near = STRANGE * float(np.quantile(((z @ whiten) ** 2).mean(axis=1), 0.99))
    return Learner(
        scale=scale,
        rare=rare,
        bias=bias,
        shape_weights=weights[: z.shape[1]],
        gram_weights=words.gathered(dual),
        far=_one_way(z[:, : len(UNIVERSAL)], gain - bias),
        whiten=whiten,
        near=max(near, 1e-6),
        extra_scale=extra_scale,
        extra_weights=weights[z.shape[1] :],
    )


def dealt(prompts: Sequence[str], folds: int, seed: int) -> Places:
    """The fold of each prompt. Equal texts share a fold, so that no text is scored by a fit that has seen it."""
    texts = {text: at for at, text in enumerate(dict.fromkeys(" ".join(p.split()) for p in prompts))}
    order = np.random.default_rng(seed).permutation(len(texts)) % folds
    found: Places = order[[texts[" ".join(p.split())] for p in prompts]] if prompts else np.empty(0, np.int64)
    return found


def crossfitted_gain(rows: Material, gain: Floats, fold: Places) -> Floats:
    """Each row's expected gain by a fit that has not seen its text."""
    found = np.full(len(rows), float(gain.mean()) if len(gain) else 0.0)
    for k in np.unique(fold):
        inside, outside = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        if len(inside):
            found[outside] = learn(rows.at(inside), gain[inside]).gain(rows.at(outside))
    return found


def _scale(rows: Floats, floor: float) -> Scale:
    if not len(rows):
        return Scale(np.zeros(rows.shape[1]), np.ones(rows.shape[1]))
    return Scale(rows.mean(axis=0), np.maximum(rows.std(axis=0), floor))


def _conjugate(dense: Floats, words: grams.Sparse, target: Floats) -> Floats:
    """Solves (K + DECAY) x = target, K the products of all rows with each other."""

    def product(x: Floats) -> Floats:
        found: Floats = dense @ (dense.T @ x) + words.times(words.gathered(x)) + DECAY * x
        return found

    x = np.zeros(len(target))
    rest = target.copy()
    way, size = rest.copy(), float(rest @ rest)
    stop = 1e-8 * max(size, 1e-12)
    for _ in range(60):
        if size <= stop:
            break
        ahead = product(way)
        step = size / float(way @ ahead)
        x += step * way
        rest -= step * ahead
        size, before = float(rest @ rest), size
        way = rest + size / before * way
    return x


def _one_way(z: Floats, target: Floats) -> Floats:
    """Least squares by weights that are never negative, drawn towards equal ones; coordinate descent."""
    n, width = z.shape
    prior = np.full(
        width, 0.2 * float(target.std()) / width
    )  # all of them count, unless outcomes say otherwise
    weights, pull = prior.copy(), 0.1 * n + 10.0
    square, cross = z.T @ z, z.T @ target
    for _ in range(200):
        for j in range(width):
            rest = cross[j] - square[j] @ weights + square[j, j] * weights[j]
            weights[j] = max(0.0, (rest + pull * prior[j]) / (square[j, j] + pull))
    # Never all nothing: continuous scores are promised.
    found: Floats = np.maximum(weights, 0.01 * prior + 1e-9)
    return found


def _whitening(z: Floats) -> Floats:
    """A matrix that makes the shapes uncorrelated; directions hardly seen are trusted less the fewer the texts."""
    n, width = z.shape
    spread = z.T @ z / n + (0.1 + width / n) * np.eye(width)
    values, vectors = np.linalg.eigh(spread)
    found: Floats = vectors / np.sqrt(values)
    return found
