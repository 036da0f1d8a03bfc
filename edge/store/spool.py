"""The spool on disk: one row per escalation, written before its bytes leave."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from edge.ports import HoldReason
from edge.routing.plan import Why
from edge.store.schema import Base, Row, Rows
from edge.store.tables import SPOOL
from edge.uplink.spool import FURTHEST_RETRY_S, DeathCause, Entry, SpoolState
from tidegate.errors import BadRequest, Exhausted
from tidegate.ids import ConversationId, RequestId, Ticket, TraceId

_LIVE = "state IN ('queued', 'sent', 'held')"
_SAVED = tuple(column for column in SPOOL.columns if column not in ("ticket", "claimed_at"))
_SAVE = f"UPDATE spool SET {', '.join(f'{column} = :{column}' for column in _SAVED)} WHERE ticket = :ticket"  # noqa: S608


@dataclass(frozen=True, slots=True)
class SpoolStore:
    """`edge.uplink.spool.Shelf` on SQLite. What must be decided by one statement, or change one column, is SQL."""

    base: Base
    most: int = 10_000

    def put(self, entry: Entry) -> None:
        with self.base.write():
            if self._rows.table.count_where(_LIVE) >= self.most:
                raise Exhausted(
                    "the spool is full of escalations the cloud has not taken yet; this one was not written",
                    code="spool_full",
                    retry_after_s=30,
                    hint="see `tidegate edge doctor` for the link",
                )
            try:
                self._rows.table.insert(_row(entry))
            except sqlite3.IntegrityError as error:
                raise BadRequest(
                    "a request with this idempotency key is already known",
                    code="idempotency_conflict",
                    status=409,
                ) from error

    def save(self, entry: Entry) -> None:
        with self.base.write() as db:
            db.execute(_SAVE, _row(entry))

    def get(self, ticket: Ticket) -> Entry | None:
        return _first(self._many("ticket = ?", ticket))

    def find(self, request_id: RequestId, revision: int) -> Entry | None:
        return _first(self._many("request_id = ? AND revision = ?", request_id, revision))

    def live(self) -> Sequence[Entry]:
        return self._many(_LIVE, order="priority DESC, created_at")

    def due(self, now: float, most: int, aged: float) -> Sequence[Entry]:
        return self._many(
            f"{_LIVE} AND (next_at <= ? OR next_at > ? OR expires_at <= ?)",
            now,
            now + FURTHEST_RETRY_S,
            aged,
            order="state = 'held', priority DESC, created_at",
            most=most,
        )

    def hasten(self, now: float) -> None:
        with self.base.write() as db:
            db.execute(
                "UPDATE spool SET next_at = ?, attempts = 0 WHERE state = 'queued' AND next_at > ?",
                (now, now),
            )

    def unclaimed(self, application: str) -> Sequence[Entry]:
        return self._many(
            "application = ? AND claimed_at = 0 AND state IN ('done', 'dead')",
            application,
            order="answered_at",
        )

    def pending(self, application: str) -> Sequence[Entry]:
        """Tickets of an application that are not handed over yet, answered or not, oldest first."""
        return self._many("application = ? AND claimed_at = 0", application, order="created_at", most=200)

    def claim(self, ticket: Ticket, now: float) -> bool:
        with self.base.write() as db:
            cursor = db.execute(
                "UPDATE spool SET claimed_at = ? WHERE ticket = ? AND claimed_at = 0", (now, ticket)
            )
            return cursor.rowcount == 1

    def counts(self) -> dict[str, int]:
        """How many entries there are in each state."""
        with self.base.read() as db:
            found = db.query("SELECT state, count(*) AS n FROM spool GROUP BY state")
            return {str(row["state"]): int(row["n"]) for row in found}

    def forget(self, before: float) -> int:
        """Deletes what was handed over, or died unseen, before that moment. Returns how many."""
        return self._rows.delete("state IN ('done', 'dead') AND answered_at < ?", (before,))

    def settle_unclaimed(self, now: float) -> int:
        """Marks every finished answer as handed over: after a restore nobody knows which were. Returns how many."""
        with self.base.write() as db:
            query = "UPDATE spool SET claimed_at = ? WHERE claimed_at = 0 AND state IN ('done', 'dead')"
            return int(db.execute(query, (now,)).rowcount)

    def drop(self, conversation: ConversationId) -> int:
        """Deletes what a conversation has in the spool, answered or not. Returns how many."""
        return self._rows.delete("conversation = ?", (conversation,))

    def _many(self, where: str, *args: str | float, order: str = "", most: int = -1) -> list[Entry]:
        return [_entry(row) for row in self._rows.where(where, args, order=order, most=most)]

    @property
    def _rows(self) -> Rows:
        return Rows(self.base, SPOOL.name)


def _first(found: Sequence[Entry]) -> Entry | None:
    return found[0] if found else None


def _row(entry: Entry) -> dict[str, object]:
    return {column: _plain(getattr(entry, column)) for column in SPOOL.columns}


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Why | SpoolState | HoldReason | DeathCause) else value


def _entry(row: Row) -> Entry:
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
