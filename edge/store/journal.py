"""What happened to each request, for `status`, replay and the owner of the device. Never leaves it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from edge.ports import Source, State
from edge.routing.plan import Why
from edge.store.schema import Base
from tidegate.ids import ConversationId, RequestId, Ticket, TraceId


@dataclass(frozen=True, slots=True)
class Line:
    """One request. `question` and `reply` stay empty unless the settings keep text."""

    request_id: RequestId
    at: float
    application: str
    conversation: ConversationId
    trace: TraceId
    state: State
    source: Source
    why: Why
    confidence: float | None
    latency_ms: float
    model: str
    ticket: Ticket | None
    prompt_tokens: int
    completion_tokens: int
    question: str = field(default="", repr=False)
    reply: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class JournalStore:
    base: Base

    def write(self, line: Line) -> None:
        """Keeps the line. Raises Exhausted when the disk is full."""
        with self.base.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    line.request_id,
                    line.at,
                    line.application,
                    line.conversation,
                    line.trace,
                    str(line.state),
                    str(line.source),
                    str(line.why),
                    line.confidence,
                    line.latency_ms,
                    line.model,
                    line.ticket,
                    line.prompt_tokens,
                    line.completion_tokens,
                    line.question,
                    line.reply,
                ),
            )

    def latest(self, most: int) -> list[Line]:
        """The newest lines, newest first."""
        with self.base.read() as db:
            rows = db.execute("SELECT * FROM journal ORDER BY at DESC LIMIT ?", (most,)).fetchall()
        return [_line(row) for row in rows]

    def counts(self, since: float) -> dict[tuple[str, str], int]:
        """How many requests since then, by (source, state)."""
        query = "SELECT source, state, count(*) AS n FROM journal WHERE at >= ? GROUP BY source, state"
        with self.base.read() as db:
            return {(row["source"], row["state"]): int(row["n"]) for row in db.execute(query, (since,))}

    def forget(self, before: float) -> int:
        """Deletes lines older than that. Returns how many."""
        with self.base.write() as db:
            return db.execute("DELETE FROM journal WHERE at < ?", (before,)).rowcount


def _line(row: sqlite3.Row) -> Line:
    return Line(
        request_id=RequestId(row["request_id"]),
        at=row["at"],
        application=row["application"],
        conversation=ConversationId(row["conversation"]),
        trace=TraceId(row["trace"]),
        state=State(row["state"]),
        source=Source(row["source"]),
        why=Why(row["why"]),
        confidence=row["confidence"],
        latency_ms=row["latency_ms"],
        model=row["model"],
        ticket=Ticket(row["ticket"]) if row["ticket"] else None,
        prompt_tokens=row["prompt_tokens"],
        completion_tokens=row["completion_tokens"],
        question=row["question"],
        reply=row["reply"],
    )
