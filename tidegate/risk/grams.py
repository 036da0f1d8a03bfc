"""Texts as hashed runs of characters: sparse rows of numbers, the same on every machine. Numpy; no text kept.

Runs of four bytes fall into WIDTH columns (feature hashing, Weinberger et al. 2009). A count c weighs 1 + ln c, times the
column's rarity in what was fitted; each row has length 1. A fixed polynomial is used because Python's own hash changes
from run to run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegate.risk.fit import Floats
from tidegate.risk.shape import HEAD, TAIL

WIDTH = 1 << 14  # columns
RUN = 4  # bytes; with runs of five beside them nothing measurable was won
Columns = NDArray[np.int32]
Values = NDArray[np.float32]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sparse:
    """Rows one after another: row i is `columns[starts[i]:starts[i+1]]` with `values` beside them."""

    starts: Places
    columns: Columns
    values: Values

    @property
    def rows(self) -> int:
        return len(self.starts) - 1

    def times(self, weights: Floats) -> Floats:
        """The product with a vector of WIDTH numbers: one number per row."""
        summed = np.concatenate([[0.0], np.cumsum(self.values * weights[self.columns], dtype=np.float64)])
        found: Floats = summed[self.starts[1:]] - summed[self.starts[:-1]]
        return found

    def gathered(self, shares: Floats) -> Floats:
        """The sum of all rows, each times its share: WIDTH numbers."""
        by_entry = self.values * np.repeat(shares, np.diff(self.starts))
        found: Floats = np.bincount(self.columns, by_entry, WIDTH).astype(np.float64)
        return found

    def at(self, rows: Places) -> Sparse:
        """Some of the rows, in the order asked for."""
        sizes = np.diff(self.starts)[rows]
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        entries = np.arange(starts[-1]) + np.repeat(self.starts[rows] - starts[:-1], sizes)
        return Sparse(starts, self.columns[entries], self.values[entries])


def counted(texts: Sequence[str]) -> Sparse:
    """Rows of 1 + ln(count), before rarity and length."""
    parts = [_counts(text) for text in texts]
    starts = np.concatenate([[0], np.cumsum([len(columns) for columns, _ in parts])]).astype(np.int64)
    columns = [np.empty(0, np.int32), *(c for c, _ in parts)]
    values = [np.empty(0, np.float32), *(v for _, v in parts)]
    return Sparse(starts, np.concatenate(columns), np.concatenate(values))


def rarity(rows: Sparse) -> Floats:
    """Of each column: ln((1 + n) / (1 + rows that have it)) + 1."""
    seen = np.bincount(rows.columns, minlength=WIDTH)
    found: Floats = np.log((1 + rows.rows) / (1 + seen)) + 1
    return found


def weighed(rows: Sparse, rare: Floats) -> Sparse:
    """Rows times rarity, scaled to length 1."""
    values = rows.values * rare[rows.columns]
    owner = np.repeat(np.arange(rows.rows), np.diff(rows.starts))
    lengths = np.sqrt(np.bincount(owner, values**2, rows.rows))
    scaled = (values / np.maximum(lengths, 1e-12)[owner]).astype(np.float32)
    return Sparse(rows.starts, rows.columns, scaled)


def _counts(text: str) -> tuple[Columns, Values]:
    cut = text if len(text) <= HEAD + TAIL else text[:HEAD] + "\n" + text[-TAIL:]
    columns, counts = np.unique(_runs(cut.casefold()), return_counts=True)
    return columns.astype(np.int32), (1 + np.log(counts)).astype(np.float32)


def _runs(plain: str) -> Places:
    """Columns of the byte runs of a text, blanks squeezed and set around it."""
    data = np.frombuffer(f" {' '.join(plain.split())} ".encode("utf-8", "replace"), np.uint8)
    count = len(data) - RUN + 1
    if count < 1:
        return np.empty(0, np.int64)
    code = np.zeros(count, dtype=np.uint64)
    for at in range(RUN):
        code = code * np.uint64(0x100000001B3) + data[at : count + at]
    code ^= code >> np.uint64(29)
    found: Places = (code % np.uint64(WIDTH)).astype(np.int64)
    return found
