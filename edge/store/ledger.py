"""The egress ledger on disk: the record and the sealed end change in one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

from edge.routing.plan import Why
from edge.store.schema import Base
from edge.uplink.ledger import Kind, Record, chained, seal
from tidegate.ids import RequestId
from tidegate.privacy.spans import Label


@dataclass(frozen=True, slots=True)
class LedgerStore:
    """`edge.uplink.ledger.Book` on SQLite. `key` seals the end."""

    base: Base
    key: bytes = field(repr=False)

    def append(self, record: Record) -> Record:
        with self.base.write() as db:
            known = db.execute(
                "SELECT * FROM ledger WHERE kind = 'receipt' AND receipt = ?", (record.receipt,)
            ).fetchone()
            if record.kind is Kind.RECEIPT and known is not None:
                return _record(known)
            row = db.execute("SELECT * FROM ledger ORDER BY seq DESC LIMIT 1").fetchone()
            placed = chained(record, _record(row) if row else None)
            db.execute(
                "INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    placed.seq,
                    placed.at,
                    str(placed.kind),
                    placed.request_id,
                    placed.digest,
                    placed.size,
                    json.dumps({str(label): count for label, count in placed.entities.items()}),
                    placed.policy,
                    str(placed.why),
                    placed.receipt,
                    placed.hash,
                ),
            )
            db.execute(
                "INSERT OR REPLACE INTO ledger_head VALUES (0, ?, ?)", (placed.seq, seal(self.key, placed))
            )
        return placed

    def records(self) -> Iterator[Record]:
        """Everything, oldest first."""
        with self.base.read() as db:
            rows = db.execute("SELECT * FROM ledger ORDER BY seq").fetchall()
        return map(_record, rows)

    def latest(self, most: int) -> list[Record]:
        """The newest records, newest first."""
        with self.base.read() as db:
            rows = db.execute("SELECT * FROM ledger ORDER BY seq DESC LIMIT ?", (most,)).fetchall()
        return [_record(row) for row in rows]

    def sealed_end(self) -> bytes:
        """The seal of the last record; of the empty ledger when nothing ever left."""
        with self.base.read() as db:
            row = db.execute("SELECT seal FROM ledger_head WHERE id = 0").fetchone()
        return bytes(row["seal"]) if row else seal(self.key, None)


def _record(row: sqlite3.Row) -> Record:
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
