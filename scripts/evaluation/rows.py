"""A line of the table: a figure with its interval beside the bar it is held against. Pure values."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

from scripts.evaluation.intervals import Estimate

MISSING = "-"


class Unit(StrEnum):
    """How a figure is written."""

    SHARE = "%"  # 0..1, written as per cent
    SCORE = "score"  # 0..1, three decimals
    MS = "ms"
    SECONDS = "s"
    MB = "MB"
    RATE = "tokens/s"


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure should reach (`at_least`), or what it should not pass."""

    value: float
    at_least: bool = True

    def met(self, figure: float) -> bool:
        """Whether the figure itself, not the far end of its interval, is on the right side."""
        return figure >= self.value if self.at_least else figure <= self.value


@dataclass(frozen=True, slots=True)
class Row:
    """One measure of one model. Without a figure it was not measured, and `note` says why. `detail` rows refine the last
    row that is none."""

    model: str
    measure: str
    figure: Estimate | None
    unit: Unit = Unit.SHARE
    bar: Bar | None = None
    note: str = ""
    detail: bool = False

    @property
    def verdict(self) -> str:
        """`met`, `missed` or empty; with the addition "open" where the interval holds the bar."""
        if self.bar is None or self.figure is None or math.isnan(self.figure.value):
            return ""
        word = "met" if self.bar.met(self.figure.value) else "missed"
        held = self.figure.low <= self.bar.value <= self.figure.high and self.figure.low < self.figure.high
        return f"{word}, open" if held else word


@dataclass(frozen=True, slots=True)
class Section:
    """The rows of one model and where they belong. `card` names the folder under models/ whose card takes them, or is
    empty; `about` is a line on the file measured."""

    model: str
    about: str
    rows: tuple[Row, ...] = field(default=())
    card: str = ""


def written(value: float, unit: Unit) -> str:
    """A figure without its unit."""
    if math.isnan(value):
        return MISSING
    match unit:
        case Unit.SHARE:
            return f"{100 * value:.1f}"
        case Unit.SCORE:
            return f"{value:.3f}"
        case Unit.SECONDS:
            return f"{value:.2f}"
        case Unit.MS | Unit.MB:
            return f"{value:.1f}"
        case Unit.RATE:
            return f"{value:.0f}"


def figure_cell(row: Row) -> str:
    """`91.5 % [86.8, 94.6]`."""
    if row.figure is None:
        return "not measured"
    suffix = "" if row.unit is Unit.SCORE else f" {row.unit}"
    value = written(row.figure.value, row.unit)
    if math.isnan(row.figure.low) or row.figure.low == row.figure.high:
        return value + suffix
    return f"{value}{suffix} [{written(row.figure.low, row.unit)}, {written(row.figure.high, row.unit)}]"


def bar_cell(row: Row) -> str:
    """`at least 85 %`, or empty."""
    if row.bar is None:
        return ""
    suffix = "" if row.unit is Unit.SCORE else f" {row.unit}"
    side = "at least" if row.bar.at_least else "at most"
    number = 100 * row.bar.value if row.unit is Unit.SHARE else row.bar.value
    return f"{side} {number:g}{suffix}"
