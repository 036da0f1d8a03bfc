"""The rows of a model's own confidence: does it rank right above wrong, does it mean what it says, does the threshold hold.

P(right) was fitted on the calibration half: by the shipped `confidence.json` when it knows these weights, else here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.evaluation import scoring
from scripts.evaluation.intervals import Estimate, miscalibration, separation, wilson
from scripts.evaluation.rows import Bar, Row, Unit
from scripts.evaluation.runner import Answer
from scripts.fit_confidence import fit
from tidegate.engines.port import Draft
from tidegate.risk.calibrate import FILE, Calibration, confidence, read_calibration
from tidegate.risk.fit import Flags, Floats, calibration_error


@dataclass(frozen=True, slots=True)
class Judged:
    """The mixture of test requests as confidence sees it; arrays run over requests. `entropy` is of the tokens written."""

    sure: Floats
    right: Flags
    written: Flags
    mean_entropy: Floats
    worst_entropy: Floats
    keep_at: float
    wrong_at_most: float


def shipped(path: Path, digest: str) -> Calibration | None:
    """The calibration that lies beside a model file, if it has one for these weights."""
    return read_calibration(path.parent / FILE, digest)


def fitted(answers: Sequence[Answer]) -> Calibration | None:
    """A calibration made from requests of the calibration half; None when too few drafts are right."""
    try:
        return fit([a.outcome() for a in answers])
    except SystemExit:
        return None


def judged(calibration: Calibration, answers: Sequence[Answer]) -> Judged:
    """What the calibration says of each test request, and what was so."""
    return Judged(
        sure=np.array([confidence(a.draft, a.prompt, calibration) for a in answers]),
        right=np.array([a.exact for a in answers]),
        written=np.array([scoring.is_written(a.draft) for a in answers]),
        mean_entropy=np.array([_mean_entropy(a.draft) for a in answers]),
        worst_entropy=np.array([max((t.entropy for t in a.draft.tokens), default=0.0) for a in answers]),
        keep_at=calibration.keep_at,
        wrong_at_most=calibration.wrong_at_most,
    )


def _mean_entropy(draft: Draft) -> float:
    return sum(t.entropy for t in draft.tokens) / max(len(draft.tokens), 1)


def rows(model: str, found: Judged, *, how: str) -> Iterator[Row]:
    """`how`: where the calibration comes from."""
    calls = found.written
    sure, right = found.sure[calls], found.right[calls]
    yield Row(
        model, '"this call is right": AUROC', separation(sure, right), Unit.SCORE, Bar(0.85), f"calls; {how}"
    )
    yield Row(model, "all requests, passes too", separation(found.sure, found.right), Unit.SCORE, detail=True)
    yield Row(
        model,
        "mean token entropy alone",
        separation(-found.mean_entropy[calls], right),
        Unit.SCORE,
        detail=True,
    )
    yield Row(
        model,
        "highest token entropy alone",
        separation(-found.worst_entropy[calls], right),
        Unit.SCORE,
        detail=True,
    )
    yield Row(
        model,
        '"this call is right": ECE',
        miscalibration(sure, right),
        Unit.SCORE,
        Bar(0.05, at_least=False),
        f"calls; {how}",
    )
    yield Row(
        model,
        "what exactly true claims would show",
        chance_error(sure),
        Unit.SCORE,
        note="on as many calls, by chance alone",
        detail=True,
    )
    yield Row(
        model, "all requests, passes too", miscalibration(found.sure, found.right), Unit.SCORE, detail=True
    )
    yield from _threshold(model, found)


def chance_error(sure: Floats, draws: int = 400) -> Estimate:
    """The calibration error that these claims would show if each were exactly true: the mean, and where 95 % of the draws lie. A
    measured error within that range speaks against no claim."""
    rng = np.random.default_rng(20_261_124)
    found = sorted(
        calibration_error(sure, rng.random(len(sure)) < sure) for _ in range(draws if len(sure) else 0)
    )
    if not found:
        return Estimate(0.0, 0.0, 0.0, 0)
    low, high = np.quantile(found, (0.025, 0.975))
    return Estimate(float(np.mean(found)), float(low), float(high), len(sure))


def _threshold(model: str, found: Judged) -> Iterator[Row]:
    kept = found.sure >= found.keep_at
    bar = f"P at least {found.keep_at:.2f}"
    wrong = int((~found.right[kept]).sum())
    yield Row(model, f"kept on the device ({bar})", wilson(int(kept.sum()), len(kept)))
    if not kept.any():
        yield Row(model, "wrong among those kept", None, note="nothing is kept", detail=True)
        return
    yield Row(
        model,
        "wrong among those kept",
        wilson(wrong, int(kept.sum())),
        bar=Bar(found.wrong_at_most, at_least=False),
        note="the promise it was set for",
        detail=True,
    )
    yield Row(
        model,
        "right calls that are kept",
        wilson(int(found.right[kept].sum()), int(found.right.sum())),
        detail=True,
    )


def unmeasured(model: str) -> Iterator[Row]:
    """The rows of a model that cannot be calibrated."""
    note = "too few right calls on the calibration half to fit P(right)"
    yield Row(model, '"this call is right": AUROC', None, Unit.SCORE, Bar(0.85), note)
    yield Row(model, '"this call is right": ECE', None, Unit.SCORE, Bar(0.05, at_least=False), note)
