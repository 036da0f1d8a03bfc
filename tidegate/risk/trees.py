"""Small decision trees, added up: log-odds where straight lines are not enough. Read in plain Python, within microseconds; grown
by `tidegate.risk.growing`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Tree(msgspec.Struct, frozen=True):
    """A whole binary tree in rows: node i has the children 2i + 1 and 2i + 2. `asks` names a feature by its place, or -1;
    values below `below` go left. `leaves` are log-odds to add."""

    asks: tuple[int, ...]
    below: tuple[float, ...]
    leaves: tuple[float, ...]

    @property
    def whole(self) -> bool:
        """Whether the lists fit each other."""
        count = len(self.asks)
        return (count + 1).bit_count() == 1 and len(self.below) == count and len(self.leaves) == count + 1

    def value(self, row: Sequence[float]) -> float:
        """What the tree adds for a row of features."""
        at, inner = 0, len(self.asks)
        while at < inner:
            asked = self.asks[at]
            at = 2 * at + 1 + (asked >= 0 and row[asked] >= self.below[at])
        return self.leaves[at - inner]
