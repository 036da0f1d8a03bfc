"""Learning from outcomes what escalating would gain: ridge regression over three views of a prompt. Numpy; deterministic.

Shapes count in a line, hashed runs of characters in a line, and what a prompt is about in squares: two prompts are alike by the
square of their cosine, so what is learned is a matrix, not a vector, and far texts hardly speak to each other. The
ridge is solved in its dual by conjugate gradients (Hestenes & Stiefel 1952), so memory grows with the texts, not with the
square of their number. Where a prompt is shaped unlike everything learned from, universal shapes alone speak, with
weights that are fixed: what one kind of text says about them was measured to mislead on another (decision 0034).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegate.risk import grams
from tidegate.risk.fit import Floats
from tidegate.risk.shape import EFFORT, SHAPES, UNIVERSAL, shape
from tidegate.risk.words import Words

DECAY = 5.0  # of the ridge
SHAPED, RUNS, ABOUT = 0.5, 0.5, 1.0  # what each view weighs in the likeness of two rows
CLIP = 4.0  # standard deviations
STRANGE = (
    1.5  # times the distance that 99 % of the texts learned from keep: from here on a text is unfamiliar
)
OUTSIDE = 0.25  # spread of what universal shapes say, as a share of the spread of what was learned
FAR = 4.0  # at so many standard deviations of universal shapes what they say is bent towards level
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Material:
    """Prompts as numbers: shapes one row each, counts of runs, what they are about (no columns without a table of words),
    and further features (no columns when there are none)."""

    shapes: Floats
    counts: grams.Sparse
    about: Floats
    extra: Floats

    def __len__(self) -> int:
        return len(self.shapes)

    def at(self, rows: Places) -> Material:
        return Material(self.shapes[rows], self.counts.at(rows), self.about[rows], self.extra[rows])


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
    """What was learned. `about`: a matrix, empty without a table of words. `whiten` and `near` measure how unlike a text is;
    `far` and `far_width`: how much universal shapes say for unlike texts, and over which spread."""

    scale: Scale
    rare: Floats
    bias: float
    shape_weights: Floats
    gram_weights: Floats
    about: Floats
    far: float
    far_width: float
    whiten: Floats
    near: float
    extra_scale: Scale
    extra_weights: Floats

    def gain(self, rows: Material) -> Floats:
        """What escalating is expected to gain over staying, in quality; unfamiliar texts by their universal shapes."""
        known = self.familiarity(rows)
        inside = self.scale.apply(rows.shapes) @ self.shape_weights
        inside += grams.weighed(rows.counts, self.rare).times(self.gram_weights)
        inside += ((rows.about @ self.about) * rows.about).sum(axis=1)
        outside = self.far * FAR * np.tanh(effort(rows.shapes, self.scale) / (FAR * self.far_width))
        told = self.extra_scale.apply(rows.extra) @ self.extra_weights  # features speak for any text
        found: Floats = self.bias + known * inside + (1 - known) * outside + told
        return found

    def familiarity(self, rows: Material) -> Floats:
        """1 for texts shaped like those learned from, 0 for texts more than twice as far out as any usual one."""
        z = self.scale.apply(rows.shapes, 2 * CLIP)
        found: Floats = np.clip(2 - ((z @ self.whiten) ** 2).mean(axis=1) / self.near, 0.0, 1.0)
        return found


def effort(shapes: Floats, scale: Scale) -> Floats:
    """How much work a text asks for by its universal shapes, against the mean of those learned from; in logarithms of counts."""
    found: Floats = (shapes - scale.mean)[:, : len(UNIVERSAL)] @ np.array(EFFORT)
    return found


def observed(prompts: Sequence[str], extra: Floats | None = None, words: Words | None = None) -> Material:
    """Prompts turned into numbers; nothing of their text is kept."""
    shapes = np.array([shape(prompt) for prompt in prompts], dtype=np.float64).reshape(-1, len(SHAPES))
    none = np.zeros((len(prompts), 0))
    about = none if words is None else words.of(prompts)
    return Material(shapes, grams.counted(prompts), about, none if extra is None else extra)


def learn(rows: Material, gain: Floats) -> Learner:
    """Fits `gain` (strong minus weak, or minus weak) of each row. Needs at least one row."""
    scale, extra_scale = _scale(rows.shapes, 0.05), _scale(rows.extra, 1e-9)
    rare = grams.rarity(rows.counts)
    z, runs = scale.apply(rows.shapes), grams.weighed(rows.counts, rare)
    each = np.sqrt(SHAPED / z.shape[1])
    dense = np.hstack([z * each, extra_scale.apply(rows.extra)])
    bias = float(gain.mean())
    dual = _conjugate(dense, runs, rows.about, gain - bias)
    weights = dense.T @ dual
    whiten = _whitening(z)
    near = STRANGE * float(np.quantile(((z @ whiten) ** 2).mean(axis=1), 0.99))
    learned = gain - bias - DECAY * dual  # what the ridge says of its own rows
    return Learner(
        scale=scale,
        rare=rare,
        bias=bias,
        shape_weights=weights[: z.shape[1]] * each,
        gram_weights=RUNS * runs.gathered(dual),
        about=ABOUT * _squares(rows.about, dual),
        far=OUTSIDE * max(float(learned.std()), 1e-3),  # never nothing: continuous scores are promised
        far_width=max(float(effort(rows.shapes, scale).std()), 0.3),
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


def _squares(about: Floats, shares: Floats) -> Floats:
    """The sum of each row's outer product with itself, times its share."""
    found: Floats = (about * shares[:, None]).T @ about
    return found


def _conjugate(dense: Floats, runs: grams.Sparse, about: Floats, target: Floats) -> Floats:
    """Solves (K + DECAY) x = target, K the likeness of all rows with each other."""

    def product(x: Floats) -> Floats:
        found: Floats = dense @ (dense.T @ x) + RUNS * runs.times(runs.gathered(x)) + DECAY * x
        found += ABOUT * ((about @ _squares(about, x)) * about).sum(axis=1)
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


def _whitening(z: Floats) -> Floats:
    """A matrix that makes the shapes uncorrelated; directions hardly seen are trusted less the fewer the texts."""
    n, width = z.shape
    spread = z.T @ z / n + (0.1 + width / n) * np.eye(width)
    values, vectors = np.linalg.eigh(spread)
    found: Floats = vectors / np.sqrt(values)
    return found
