"""A promise, and a calibration with outcomes that support it."""

from __future__ import annotations

import msgspec

from tests.fakes.calibrations import measured
from tidegate.risk.calibrate import Calibration
from tidegate.risk.held_out import HeldOut
from tidegate.risk.promise import Promise

PROMISE = Promise(0.05)
SURE = tuple(0.5 + i / 4000 for i in range(2000))
GOOD = HeldOut(SURE, tuple(float(s < 0.75) for s in SURE))  # right from .75 on
HOPELESS = HeldOut(SURE, tuple(float(i % 2) for i in range(2000)))


def calibration(outcomes: HeldOut | None = GOOD) -> Calibration:
    """With these outcomes for calls; None: without any."""
    return msgspec.structs.replace(measured(0.6), outcomes={} if outcomes is None else {"calls": outcomes})
