"""Shares with their intervals, and whether two differ by more than chance. Pure.

Wilson's score interval (1927) for a share, Newcombe's (1998, method 10) for a difference of two; 95 %, no continuity correction.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `of`, with its interval. Of nothing, everything is possible."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        return self.hits / self.of if self.of else 0.0

    @property
    def low(self) -> float:
        return self._wilson(-1.0)

    @property
    def high(self) -> float:
        return self._wilson(1.0)

    def _wilson(self, side: float) -> float:
        if not self.of:
            return 0.0 if side < 0 else 1.0
        p, n, z = self.value, self.of, _Z
        middle = p + z * z / (2 * n)
        spread = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return min(max((middle + side * spread) / (1 + z * z / n), 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Change:
    """A share as it is and as it was."""

    now: Share
    before: Share

    @property
    def difference(self) -> float:
        return self.now.value - self.before.value

    @property
    def low(self) -> float:
        now, was = self.now, self.before
        return self.difference - sqrt((now.value - now.low) ** 2 + (was.high - was.value) ** 2)

    @property
    def high(self) -> float:
        now, was = self.now, self.before
        return self.difference + sqrt((now.high - now.value) ** 2 + (was.value - was.low) ** 2)

    @property
    def known(self) -> bool:
        """Whether there is anything on both sides to compare."""
        return self.now.of > 0 and self.before.of > 0

    @property
    def moved(self) -> bool:
        """Whether chance alone does not explain the difference."""
        return self.known and not self.low <= 0 <= self.high
