"""What `tidegate risk fit` makes: a file of numbers that turns a prompt into P(right). No text of any prompt is in it.

Rule 1: the order of P(right) is that of what escalating would gain, so that whoever sends the least sure first gains most.
Rule 2: P(right) is the share of local answers that were right among prompts of that standing; it is continuous and strictly
monotone in the standing.
Rule 3: with a promise, half of the texts are kept from learning, and the threshold is tested on them alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from tidegate.errors import BadRequest
from tidegate.fs import write_durably
from tidegate.risk import grams
from tidegate.risk.calibrate import Curve
from tidegate.risk.fit import Flags, Floats, auroc, calibration_error, isotonic, logistic, sigmoid
from tidegate.risk.learn import Learner, Scale, crossfitted_gain, dealt, learn, observed
from tidegate.risk.outcomes import Outcome
from tidegate.risk.promise import ESCALATE_ALL, Kept, Promise, Verdict, decide
from tidegate.risk.shape import SHAPES
from tidegate.risk.words import WIDTH, Words

FORMAT = "tidegate-risk-1"
TEXT = "shape+runs+words-1"  # how prompts become numbers; a file made with another way is refused
MOST_LEARNED = 12_000  # rows; beyond, a seeded sample of them is learned from
FOLDS = 5


class Threshold(msgspec.Struct, frozen=True):
    """The promise, and what the test on held-out outcomes said. `keep_at` above 1: it cannot be kept, escalate everything."""

    wrong_at_most: float
    with_confidence: float
    keep_at: float
    tested_on: int
    kept: int
    wrong: float
    must_escalate: float
    fewest: int


class Fit(msgspec.Struct, frozen=True):
    """The file. Packed arrays are little-endian float32."""

    format: str
    text: str
    rows: int
    texts: int
    strong: bool  # whether the strong model's outcomes were known
    seed: int
    arrays: dict[str, bytes]
    numbers: dict[str, float]
    curve: Curve
    extra: tuple[str, ...]
    auroc: float
    ece: float
    promise: Threshold | None = None
    words: str = ""  # SHA-256 of the table of words it was made with; empty: without one


@dataclass(frozen=True, slots=True)
class Scorer:
    """A fit, ready to score."""

    learner: Learner
    curve: Curve
    extra: tuple[str, ...]
    words: Words | None = None

    def p_right(self, prompts: Sequence[str], features: Sequence[dict[str, float]]) -> list[float]:
        """One P(right) per prompt, 0..1; a prompt's own never depends on what it is scored with."""
        if not prompts:
            return []
        standing = -self.learner.gain(
            observed(prompts, columns(features, self.extra, self.learner.extra_scale), self.words)
        )
        return [float(p) for p in probabilities(self.curve, standing)]


def make(
    outcomes: Sequence[Outcome], *, seed: int = 0, promise: Promise | None = None, words: Words | None = None
) -> Fit:
    """Learns, calibrates and, with a promise, tests it. Deterministic for a seed. Without a table of words it learns from shapes
    and runs of characters alone. Raises BadRequest: fewer than 20 rows."""
    if len(outcomes) < 20:
        raise BadRequest(
            f"{len(outcomes)} outcomes are too few to learn from",
            code="too_few_outcomes",
            hint="give at least 20",
        )
    half = dealt([o.prompt for o in outcomes], 2, seed + 1)
    inside = [o for o, part in zip(outcomes, half, strict=True) if promise is None or part == 0]
    made, scorer = _learned(_sample(inside, seed), seed, len(outcomes), words)
    if promise is None:
        return made
    outside = [o for o, part in zip(outcomes, half, strict=True) if part == 1]
    sure = scorer.p_right([o.prompt for o in outside], [o.features for o in outside])
    found = decide(sure, [1 - o.weak for o in outside], promise)
    return msgspec.structs.replace(made, promise=_threshold(promise, found))


def write_fit(path: Path, fit: Fit) -> None:
    """In one step, whole or not at all."""
    write_durably(path, msgspec.json.encode(fit), mode=0o644)


def read_fit(path: Path) -> Fit:
    """Raises BadRequest: missing, malformed, or made by another way of reading prompts."""
    try:
        fit = msgspec.json.decode(path.read_bytes(), type=Fit)
    except OSError as error:
        raise BadRequest(
            f"the fit {path.name or path} cannot be read: {error.strerror}",
            code="no_fit",
            hint="run tidegate risk fit",
        ) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _no_fit(path) from error
    if (fit.format, fit.text) != (FORMAT, TEXT):
        raise BadRequest(
            f"{path.name} was made by another version ({fit.format}, {fit.text}); this one reads {FORMAT}, {TEXT}",
            code="other_fit",
            hint="run tidegate risk fit again",
        )
    try:
        _learner(fit)
    except (ValueError, KeyError) as error:
        raise _no_fit(path) from error
    return fit


def _no_fit(path: Path) -> BadRequest:
    return BadRequest(
        f"{path.name} is not a fit made by tidegate risk fit", code="bad_fit", hint="run tidegate risk fit"
    )


def scorer(fit: Fit, words: Words | None = None) -> Scorer:
    """Raises BadRequest: the fit was made with a table of words, and this is another or none."""
    if fit.words and (words is None or words.digest != fit.words):
        raise BadRequest(
            "this fit needs the table of words it was made with, and "
            + ("there is none here" if words is None else "another one is here"),
            code="words_missing",
            hint="run tidegate risk fit again, here",
        )
    return Scorer(_learner(fit), fit.curve, fit.extra, words if fit.words else None)


def columns(features: Sequence[dict[str, float]], names: Sequence[str], scale: Scale | None = None) -> Floats:
    """Features as columns; what is missing is as average (0 when nothing is known yet)."""
    typical = np.zeros(len(names)) if scale is None else scale.mean
    rows = [[row.get(name, typical[at]) for at, name in enumerate(names)] for row in features]
    return np.array(rows, dtype=np.float64).reshape(len(features), len(names))


def gains(outcomes: Sequence[Outcome]) -> Floats:
    """Strong minus weak; where the strong model was not asked, its mean stands in, and 1 when it never was."""
    known = [o.strong for o in outcomes if o.strong is not None]
    typical = sum(known) / len(known) if known else 1.0
    return np.array(
        [(typical if o.strong is None else o.strong) - o.weak for o in outcomes], dtype=np.float64
    )


def _learned(outcomes: Sequence[Outcome], seed: int, rows: int, words: Words | None) -> tuple[Fit, Scorer]:
    prompts = [o.prompt for o in outcomes]
    names = _common(outcomes)
    features = [o.features for o in outcomes]
    present = columns(features, names)
    if names:
        filled = [
            {n: float(np.mean([f[n] for f in features if n in f])) for n in names} | f for f in features
        ]
        present = columns(filled, names)
    material, gain = observed(prompts, present, words), gains(outcomes)
    fold = dealt(prompts, FOLDS, seed)
    standing = -crossfitted_gain(material, gain, fold)
    right = np.array([o.weak for o in outcomes], dtype=np.float64)
    curve = calibrated(standing, right)
    learner = learn(material, gain)
    sure = probabilities(curve, standing)
    arrays, numbers = _packed(learner)
    made = Fit(
        format=FORMAT,
        text=TEXT,
        rows=rows,
        texts=len(set(prompts)),
        strong=any(o.strong is not None for o in outcomes),
        seed=seed,
        arrays=arrays,
        numbers=numbers,
        curve=curve,
        extra=names,
        auroc=auroc(sure, right >= 0.5),
        ece=calibration_error(sure, right >= 0.5),
        words="" if words is None else words.digest,
    )
    return made, scorer(made, words)


def calibrated(standing: Floats, right: Floats) -> Curve:
    """P(right) over the standing. Where the outcomes say the opposite of the order, the curve is nearly level, never falling."""
    flags: Flags = right >= 0.5
    column = standing.reshape(-1, 1)
    line = logistic(column, flags)
    weight = max(float(line.weights[0]), 0.05)
    mean, width = float(line.mean[0]), float(line.scale[0])
    z = line.bias + weight * np.clip((standing - mean) / width, -5.0, 5.0)
    steps = isotonic(z, flags)
    return Curve(("standing",), (mean,), (width,), (weight,), line.bias, steps.x, steps.y)


def probabilities(curve: Curve, standing: Floats) -> Floats:
    """`curve.probability` of many at once."""
    z = curve.bias + curve.weights[0] * np.clip((standing - curve.mean[0]) / curve.scale[0], -5.0, 5.0)
    found: Floats = 0.9 * np.interp(z, curve.x, curve.y) + 0.1 * sigmoid(z)
    return found


def _sample(outcomes: Sequence[Outcome], seed: int) -> list[Outcome]:
    if len(outcomes) <= MOST_LEARNED:
        return list(outcomes)
    chosen = np.random.default_rng(seed).permutation(len(outcomes))[:MOST_LEARNED]
    return [outcomes[at] for at in sorted(chosen)]


def _common(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Features that at least half of the rows have."""
    count: dict[str, int] = {}
    for outcome in outcomes:
        for name in outcome.features:
            count[name] = count.get(name, 0) + 1
    return tuple(sorted(name for name, n in count.items() if 2 * n >= len(outcomes)))


def _threshold(promise: Promise, found: Verdict) -> Threshold:
    if isinstance(found, Kept):
        return Threshold(
            promise.wrong_at_most,
            promise.with_confidence,
            found.keep_at,
            found.of,
            found.kept,
            found.wrong,
            0.0,
            promise.fewest,
        )
    return Threshold(
        promise.wrong_at_most,
        promise.with_confidence,
        ESCALATE_ALL,
        found.of,
        0,
        0.0,
        found.must_escalate,
        found.fewest,
    )


def _packed(learner: Learner) -> tuple[dict[str, bytes], dict[str, float]]:
    arrays = {
        "mean": learner.scale.mean,
        "width": learner.scale.width,
        "rare": learner.rare,
        "shapes": learner.shape_weights,
        "grams": learner.gram_weights,
        "about": learner.about.ravel(),
        "whiten": learner.whiten,
        "extra_mean": learner.extra_scale.mean,
        "extra_width": learner.extra_scale.width,
        "extra": learner.extra_weights,
    }
    return {k: v.astype("<f4").tobytes() for k, v in arrays.items()}, {
        "bias": learner.bias,
        "near": learner.near,
        "far": learner.far,
        "far_width": learner.far_width,
    }


def _whole(curve: Curve) -> bool:
    """Whether it is a curve over the standing: one number in, its points in order."""
    one = all(len(part) == 1 for part in (curve.mean, curve.scale, curve.weights))
    points = len(curve.x) == len(curve.y) > 0 and list(curve.x) == sorted(curve.x)
    return one and points and curve.scale[0] > 0 and all(0 <= y <= 1 for y in curve.y)


def _learner(fit: Fit) -> Learner:
    """Raises ValueError and KeyError when arrays are missing or of another size."""
    found = {name: np.frombuffer(raw, "<f4").astype(np.float64) for name, raw in fit.arrays.items()}
    width, side = len(SHAPES), WIDTH if fit.words else 0
    sizes = {
        "mean": width,
        "width": width,
        "shapes": width,
        "about": side * side,
        "whiten": width * width,
        "rare": grams.WIDTH,
        "grams": grams.WIDTH,
    }
    sizes |= dict.fromkeys(("extra_mean", "extra_width", "extra"), len(fit.extra))
    if any(len(found[name]) != size or not np.isfinite(found[name]).all() for name, size in sizes.items()):
        raise ValueError("arrays of another size")
    if not _whole(fit.curve):
        raise ValueError("a curve of another form")
    return Learner(
        scale=Scale(found["mean"], found["width"]),
        rare=found["rare"],
        bias=fit.numbers["bias"],
        shape_weights=found["shapes"],
        gram_weights=found["grams"],
        about=found["about"].reshape(side, side),
        far=fit.numbers["far"],
        far_width=fit.numbers["far_width"],
        whiten=found["whiten"].reshape(width, width),
        near=fit.numbers["near"],
        extra_scale=Scale(found["extra_mean"], found["extra_width"]),
        extra_weights=found["extra"],
    )
