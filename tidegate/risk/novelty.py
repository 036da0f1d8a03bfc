"""How unlike everything measured a request is. A promise speaks of requests like those it was tested on, and of no others."""

from __future__ import annotations

from collections.abc import Mapping

from tidegate.risk.calibrate import Calibration, Curve

CLIP = 8.0  # standard deviations: no single number decides alone for ever
SEEN = frozenset(
    "tools params words earlier hinted pass_odds call_odds first_entropy".split()
)  # of the features before writing, those that a written draft still tells
ROOM = 1.25  # times the distance that 99.5 % of the outcomes keep: from here on a request is another kind


def distance(row: Mapping[str, float], curve: Curve) -> float:
    """The mean square of the features in standard deviations of what the curve was fitted on; about 1 for usual requests."""
    total, count = 0.0, 0
    for name, mean, scale in zip(curve.features, curve.mean, curve.scale, strict=True):
        if name in SEEN:
            total += min(abs(row.get(name, 0.0) - mean) / scale, CLIP) ** 2
            count += 1
    return total / max(count, 1)


def novelty(row: Mapping[str, float], calibration: Calibration | None) -> float | None:
    """The distance of a request (features as `features.before`) in units of the farthest usual one: above 1 it is unlike
    all outcomes. None where that was not measured."""
    if calibration is None or calibration.near <= 0:
        return None
    return distance(row, calibration.before) / calibration.near
