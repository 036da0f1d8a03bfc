"""Calibrations made up for tests."""

from __future__ import annotations

from tidegate.risk.calibrate import Calibration, Curve


def curve() -> Curve:
    """P(right) rises with the least likely token."""
    return Curve(("min_logprob",), (-1.0,), (1.0,), (2.0,), 0.0, (-4.0, 4.0), (0.05, 0.95))


def measured(keep_at: float) -> Calibration:
    """A calibration with that threshold."""
    return Calibration(curve(), curve(), keep_at, 0.1)
