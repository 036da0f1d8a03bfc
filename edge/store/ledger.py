"""The egress ledger on disk: the record and the sealed end change in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from edge.routing.plan import Why
from edge.store.schema import Base, Row, Rows
from edge.store.tables import LEDGER, LEDGER_HEAD
from edge.uplink.ledger import Kind, Record, chained, seal
from tidegate.ids import RequestId
from tidegate.privacy.spans import Label


@dataclass(frozen=True, slots=True)
class LedgerStore:
    """`edge.uplink.ledger.Book` on SQLite. `key` seals the end."""

    base: Base
    key: bytes = field(repr=False)

    def append(self, record: Record) -> Record:
        with self.base.write():
            if record.kind is Kind.RECEIPT:
                known = self._rows.where("kind = 'receipt' AND receipt = ?", (record.receipt,))
                if known:
                    return _record(known[0])
            last = self.latest(1)
            placed = chained(record, last[0] if last else None)
            self._rows.table.insert(_row(placed))  # refused, not replaced, when the place is taken
            end = {"id": 0, "seq": placed.seq, "seal": seal(self.key, placed)}
            self._head.table.insert(end, replace=True)
        return placed

    def records(self) -> Iterator[Record]:
        """Everything, oldest first."""
        return map(_record, self._rows.where(order="seq"))

    def latest(self, most: int) -> list[Record]:
        """The newest records, newest first."""
        return [_record(row) for row in self._rows.where(order="seq DESC", most=most)]

    def after(self, seq: int, most: int) -> list[Record]:
        """The records behind that place, oldest first, at most so many."""
        return [_record(row) for row in self._rows.where("seq > ?", (seq,), order="seq", most=most)]

    def since(self, moment: float) -> list[Record]:
        """What happened since then, oldest first."""
        return [_record(row) for row in self._rows.where("at >= ?", (moment,), order="seq")]

    def sealed_end(self) -> bytes:
        """The seal of the last record; of the empty ledger when nothing ever left."""
        found = self._head.where("id = 0")
        return bytes(found[0]["seal"]) if found else seal(self.key, None)

    @property
    def _rows(self) -> Rows:
        return Rows(self.base, LEDGER.name)

    @property
    def _head(self) -> Rows:
        return Rows(self.base, LEDGER_HEAD.name)


def _row(record: Record) -> dict[str, str | bytes | int]:
    return {
        "seq": record.seq,
        "at": record.at,
        "kind": str(record.kind),
        "request_id": record.request_id,
        "digest": record.digest,
        "bytes": record.size,
        "entities": json.dumps({str(label): count for label, count in record.entities.items()}),
        "policy": record.policy,
        "why": str(record.why),
        "receipt": record.receipt,
        "hash": record.hash,
    }


def _record(row: Row) -> Record:
    return Record(
        seq=row["seq"],
        at=row["at"],
        kind=Kind(row["kind"]),
        request_id=RequestId(row["request_id"]),
        digest=row["digest"],
        size=row["bytes"],
        entities={Label(label): int(count) for label, count in json.loads(row["entities"]).items()},
        policy=row["policy"],
        why=Why(row["why"]),
        receipt=row["receipt"],
        hash=row["hash"],
    )
