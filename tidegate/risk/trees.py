"""Small decision trees, added up: log-odds where straight lines are not enough. Read in plain Python, within microseconds; grown
by `tidegate.risk.growing`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

Node = float | tuple[int, float, "Node", "Node"]  # a leaf, or: ask this feature, left below that, else right


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

    @property
    def root(self) -> Node:
        """The same tree to walk down, without the nodes that ask nothing."""
        return self._node(0)

    def _node(self, at: int) -> Node:
        inner = len(self.asks)
        if at >= inner:
            return self.leaves[at - inner]
        left = self._node(2 * at + 1)
        return left if self.asks[at] < 0 else (self.asks[at], self.below[at], left, self._node(2 * at + 2))


def added(roots: Sequence[Node], row: Sequence[float], bias: float) -> float:
    """The sum of all trees' values for a row of features, on top of `bias`. A loop without calls: it runs for every draft."""
    for root in roots:
        node = root
        while isinstance(node, tuple):
            node = node[2] if row[node[0]] < node[1] else node[3]
        bias += node
    return bias
