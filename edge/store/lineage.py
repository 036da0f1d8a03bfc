"""Where a state folder came from: one row for each time that it was restored from a backup."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.store.schema import Base, Rows
from edge.store.tables import LINEAGE

UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Restoration:
    """`lost`: records of the egress ledger that the replaced state had beyond the backup's; -1: nobody can say."""

    at: float
    made_at: float
    seq: int
    hash: bytes = field(repr=False)
    lost: int
    digest: bytes = field(repr=False)
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class LineageStore:
    base: Base

    def add(self, one: Restoration) -> None:
        last = self.latest()
        row = {column: getattr(one, column) for column in LINEAGE.columns}
        self._rows.put({**row, "epoch": last.epoch + 1 if last is not None else 1})

    def latest(self) -> Restoration | None:
        found = self._rows.where(order="epoch DESC", most=1)
        return Restoration(**found[0]) if found else None

    def restored_at(self) -> float:
        """Since when this state goes on from a point that the device may have left before; 0: it never was restored so."""
        rows = self._rows.where("lost != 0", order="epoch DESC", most=1)
        return float(rows[0]["at"]) if rows else 0.0

    @property
    def _rows(self) -> Rows:
        return Rows(self.base, LINEAGE.name)
