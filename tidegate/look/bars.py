"""Stacked bars as SVG, for the pages of both tiers: a scale with a round top, its lines, one stack per stretch of time. Pure; colours are classes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_STEPS = (1, 2, 5)


def ceiling(highest: int) -> int:
    """The round number at the top of the scale: 4 at least, then 5, 10, 20, 50, ..."""
    if highest <= 4:
        return 4
    size = 1
    while True:
        for step in _STEPS:
            if step * size >= highest:
                return step * size
        size *= 10


@dataclass(frozen=True, slots=True)
class Frame:
    """Where bars stand in a picture, in its own units; `gap`: the share of a bar's place that is free on each side of it."""

    left: int
    right: int
    top: int
    base: int
    gap: float

    def y(self, value: float, highest: int) -> float:
        return self.base - (self.base - self.top) * value / highest

    def grid(self, highest: int) -> str:
        """Lines at the base, the middle and the top of the scale, each with its number."""
        rows = []
        for value in (0, highest // 2, highest):
            y = self.y(value, highest)
            rows.append(
                f'<line class="grid" x1="{self.left}" x2="{self.right}" y1="{y:.1f}" y2="{y:.1f}"/>'
                f'<text class="scale" x="{self.left - 8}" y="{y + 4:.1f}">{value}</text>'
            )
        return "".join(rows)

    def stack(self, counts: Iterable[tuple[str, int]], x: float, wide: float, highest: int) -> str:
        """One bar in the place from `x`, `wide` across: a piece for each class that has a count, the first at the base."""
        below, drawn = 0, []
        for name, count in counts:
            if count:
                y = self.y(below + count, highest)
                drawn.append(
                    f'<rect class="{name}" x="{x + self.gap * wide:.1f}" y="{y:.1f}" '
                    f'width="{(1 - 2 * self.gap) * wide:.1f}" height="{self.y(below, highest) - y:.1f}"/>'
                )
                below += count
        return "".join(drawn)
