"""The spool on disk: one row per escalation, written before its bytes leave."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, fields

from edge.ports import HoldReason
from edge.routing.plan import Why
from edge.store.schema import Base
from edge.uplink.spool import DeathCause, Entry, SpoolState
from tidegate.errors import BadRequest, Exhausted
from tidegate.ids import ConversationId, RequestId, Ticket, TraceId

_COLUMNS = tuple(column.name for column in fields(Entry))
_INSERT = f"INSERT INTO spool ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' for _ in _COLUMNS)})"  # noqa: S608
_UPDATE = (
    f"UPDATE spool SET {', '.join(f'{c} = ?' for c in _COLUMNS if c != 'claimed_at')} "  # noqa: S608
    "WHERE ticket = ?"
)
_LIVE = "state IN ('queued', 'sent', 'held')"


@dataclass(frozen=True, slots=True)
class SpoolStore:
    """`edge.uplink.spool.Shelf` on SQLite."""

    base: Base
    most: int = 10_000

    def put(self, entry: Entry) -> None:
        with self.base.write() as db:
            if int(db.execute(f"SELECT count(*) FROM spool WHERE {_LIVE}").fetchone()[0]) >= self.most:  # noqa: S608
                raise Exhausted(
                    "the spool is full of escalations the cloud has not taken yet; this one was not written",
                    code="spool_full",
                    retry_after_s=30,
                    hint="see `tidegate edge doctor` for the link",
                )
            try:
                db.execute(_INSERT, _row(entry))
            except sqlite3.IntegrityError as error:
                raise BadRequest(
                    "a request with this idempotency key is already known",
                    code="idempotency_conflict",
                    status=409,
                ) from error

    def save(self, entry: Entry) -> None:
        row = [value for column, value in zip(_COLUMNS, _row(entry), strict=True) if column != "claimed_at"]
        with self.base.write() as db:
            db.execute(_UPDATE, (*row, entry.ticket))

    def get(self, ticket: Ticket) -> Entry | None:
        return self._one("ticket = ?", ticket)

    def find(self, request_id: RequestId, revision: int) -> Entry | None:
        return self._one("request_id = ? AND revision = ?", request_id, revision)

    def live(self) -> Sequence[Entry]:
        return self._many(f"{_LIVE} ORDER BY priority DESC, created_at")

    def due(self, now: float, most: int) -> Sequence[Entry]:
        return self._many(
            f"{_LIVE} AND (next_at <= ? OR expires_at <= ?) "
            "ORDER BY state = 'held', priority DESC, created_at LIMIT ?",
            now,
            now,
            most,
        )

    def hasten(self, now: float) -> None:
        with self.base.write() as db:
            db.execute(
                "UPDATE spool SET next_at = ?, attempts = 0 WHERE state = 'queued' AND next_at > ?",
                (now, now),
            )

    def unclaimed(self, application: str) -> Sequence[Entry]:
        return self._many(
            "application = ? AND claimed_at = 0 AND state IN ('done', 'dead') ORDER BY answered_at",
            application,
        )

    def pending(self, application: str) -> Sequence[Entry]:
        """Tickets of an application that are not handed over yet, answered or not, oldest first."""
        return self._many("application = ? AND claimed_at = 0 ORDER BY created_at LIMIT 200", application)

    def claim(self, ticket: Ticket, now: float) -> bool:
        with self.base.write() as db:
            cursor = db.execute(
                "UPDATE spool SET claimed_at = ? WHERE ticket = ? AND claimed_at = 0", (now, ticket)
            )
            return cursor.rowcount == 1

    def counts(self) -> dict[str, int]:
        """How many entries there are in each state."""
        with self.base.read() as db:
            return {
                str(state): int(n)
                for state, n in db.execute("SELECT state, count(*) FROM spool GROUP BY state")
            }

    def forget(self, before: float) -> int:
        """Deletes what was handed over, or died unseen, before that moment. Returns how many."""
        with self.base.write() as db:
            return db.execute(
                "DELETE FROM spool WHERE state IN ('done', 'dead') AND answered_at < ?", (before,)
            ).rowcount

    def _one(self, where: str, *values: str | float) -> Entry | None:
        found = self._many(where, *values)
        return found[0] if found else None

    def _many(self, where: str, *values: str | float) -> list[Entry]:
        with self.base.read() as db:
            return [_entry(row) for row in db.execute(f"SELECT * FROM spool WHERE {where}", values)]  # noqa: S608


def _row(entry: Entry) -> tuple[object, ...]:
    return tuple(_plain(getattr(entry, column)) for column in _COLUMNS)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Why | SpoolState | HoldReason | DeathCause) else value


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        ticket=Ticket(row["ticket"]),
        request_id=RequestId(row["request_id"]),
        revision=row["revision"],
        conversation=ConversationId(row["conversation"]),
        application=row["application"],
        trace=TraceId(row["trace"]),
        why=Why(row["why"]),
        payload=row["payload"],
        body_mac=row["body_mac"],
        asked_mac=row["asked_mac"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        deadline_s=row["deadline_s"],
        priority=row["priority"],
        state=SpoolState(row["state"]),
        attempts=row["attempts"],
        next_at=row["next_at"],
        cloud_ticket=row["cloud_ticket"],
        hold=HoldReason(row["hold"]) if row["hold"] else None,
        reply=row["reply"],
        answered_at=row["answered_at"],
        claimed_at=row["claimed_at"],
        cause=DeathCause(row["cause"]),
    )
