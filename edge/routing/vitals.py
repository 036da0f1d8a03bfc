"""What the state of the machine means for local work. Pure: readings in, a strain and its reason out.

Each sign is fine, low or critical, with hysteresis: it gets worse at its threshold and better only when it has left the
threshold by a margin, so a value that trembles does not make answers come and go. A sign that cannot be read is fine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


class Sign(StrEnum):
    BATTERY = "battery"
    HEAT = "heat"
    MEMORY = "memory"
    PRESSURE = "pressure"
    QUEUE = "queue"


class Level(IntEnum):
    FINE = 0
    LOW = 1
    CRITICAL = 2


class Strain(StrEnum):
    """What strain asks for. In every case a request that must stay and can be answered keeps its turn, but shorter.

    `escalate`: to the cloud where it may and can be reached, else shorter work here. `refuse`: the same, else a polite no.
    """

    NONE = "none"
    SHORTER = "shorter"
    ESCALATE = "escalate"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Reading:
    """The machine at one moment; None: this machine does not say."""

    battery: float | None = None  # 0..1 of full
    on_mains: bool | None = None  # True while charging or full
    heat_c: float | None = None  # the hottest zone
    memory_mb: float | None = None  # that could be had without swapping
    pressure: float | None = None  # % of the last ten seconds in which something waited for memory
    queue: int = 0  # requests at the local model now


@dataclass(frozen=True, slots=True)
class Bounds:
    """One sign's thresholds. `falling`: small values are bad. `margin`: how far back until it is better."""

    low: float
    critical: float
    margin: float
    falling: bool = False


@dataclass(frozen=True, slots=True)
class Habits:
    """Thresholds, and what a low and a critical sign ask for."""

    bounds: Mapping[Sign, Bounds] = field(
        default_factory=lambda: {
            Sign.BATTERY: Bounds(0.15, 0.05, 0.03, falling=True),
            Sign.HEAT: Bounds(85.0, 95.0, 5.0),
            Sign.MEMORY: Bounds(100.0, 40.0, 30.0, falling=True),
            Sign.PRESSURE: Bounds(40.0, 80.0, 10.0),
            Sign.QUEUE: Bounds(16.0, 48.0, 4.0),
        }
    )
    when_low: Strain = Strain.SHORTER
    when_critical: Strain = Strain.ESCALATE
    shorter_tokens: int = 64  # the most a draft may be long under strain


Levels = Mapping[Sign, Level]
NONE: Levels = {}


def levels(before: Levels, reading: Reading, habits: Habits) -> Levels:
    """Every sign's level after one more reading; the one before matters (hysteresis)."""
    return {
        sign: _level(before.get(sign, Level.FINE), _value(sign, reading), bounds)
        for sign, bounds in habits.bounds.items()
    }


def _value(sign: Sign, reading: Reading) -> float | None:
    match sign:
        case Sign.BATTERY:
            return None if reading.on_mains else reading.battery  # it is being filled: no reason to hold back
        case Sign.HEAT:
            return reading.heat_c
        case Sign.MEMORY:
            return reading.memory_mb
        case Sign.PRESSURE:
            return reading.pressure
        case Sign.QUEUE:
            return float(reading.queue)


def _level(before: Level, value: float | None, bounds: Bounds) -> Level:
    if value is None:
        return Level.FINE
    turn = -1.0 if bounds.falling else 1.0  # so that larger is worse
    found = Level.FINE
    for level, bound in ((Level.LOW, bounds.low), (Level.CRITICAL, bounds.critical)):
        margin = bounds.margin if before >= level else 0.0
        if turn * value >= turn * bound - margin:
            found = level
    return found


def strain(found: Levels, habits: Habits) -> tuple[Strain, Sign | None]:
    """What the worst sign asks for, and which it is (the first in the order of `Sign` among equals)."""
    worst = max(found.values(), default=Level.FINE)
    if worst is Level.FINE:
        return Strain.NONE, None
    sign = next(sign for sign in Sign if found.get(sign, Level.FINE) is worst)
    return (habits.when_critical if worst is Level.CRITICAL else habits.when_low), sign
