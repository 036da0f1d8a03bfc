"""What happened to each request, for `status`, replay and the owner of the device. Never leaves it."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.ports import Source, State
from edge.routing.plan import Why
from edge.store.schema import Base, Row, Rows
from edge.store.tables import JOURNAL
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
    decision: str = ""  # what `edge.routing.record` makes of it: numbers, flags and closed words, as JSON


@dataclass(frozen=True, slots=True)
class JournalStore:
    base: Base

    def write(self, line: Line) -> None:
        """Keeps the line. Raises Exhausted when the disk is full."""
        self._rows.put({column: _plain(getattr(line, column)) for column in JOURNAL.columns})

    def latest(self, most: int) -> list[Line]:
        """The newest lines, newest first."""
        return [_line(row) for row in self._rows.where(order="at DESC", most=most)]

    def question(self, request_id: RequestId) -> str:
        """What was asked; empty where text is not kept, and when the line is gone."""
        with self.base.read() as db:
            found = list(db.query("SELECT question FROM journal WHERE request_id = ?", (request_id,)))
        return str(found[0]["question"]) if found else ""

    def between(self, start: float, end: float, most: int) -> list[Row]:
        """The columns that a replay needs of the lines in [start, end), oldest first, at most so many."""
        query = (
            "SELECT request_id, at, application, conversation, state, source, why, latency_ms, prompt_tokens,"
            " completion_tokens, decision"
            " FROM journal WHERE at >= ? AND at < ? ORDER BY at LIMIT ?"
        )
        with self.base.read() as db:
            return list(db.query(query, (start, end, most)))

    def counts(self, since: float) -> dict[tuple[str, str], int]:
        """How many requests since then, by (source, state)."""
        query = "SELECT source, state, count(*) AS n FROM journal WHERE at >= ? GROUP BY source, state"
        with self.base.read() as db:
            return {(row["source"], row["state"]): int(row["n"]) for row in db.query(query, (since,))}

    def reasons(self, start: float, end: float) -> dict[tuple[str, str], int]:
        """How many requests in [start, end), by (source, why)."""
        query = "SELECT source, why, count(*) AS n FROM journal WHERE at >= ? AND at < ? GROUP BY source, why"
        with self.base.read() as db:
            return {(row["source"], row["why"]): int(row["n"]) for row in db.query(query, (start, end))}

    def spread(self, since: float, step_s: float) -> dict[tuple[int, str], int]:
        """How many requests since then, by (steps of that many seconds since then, source)."""
        query = (
            "SELECT CAST((at - ?) / ? AS INTEGER) AS step, source, count(*) AS n FROM journal WHERE at >= ?"
            " GROUP BY step, source"
        )
        with self.base.read() as db:
            return {
                (int(row["step"]), row["source"]): int(row["n"])
                for row in db.query(query, (since, step_s, since))
            }

    def forget(self, before: float) -> int:
        """Deletes lines older than that. Returns how many."""
        return self._rows.delete("at < ?", (before,))

    def hush(self, conversation: ConversationId) -> int:
        """Takes the text out of a conversation's lines; what was decided stays. Returns how many lines."""
        with self.base.write() as db:
            query = "UPDATE journal SET question = '', reply = '' WHERE conversation = ?"
            return int(db.execute(query, (conversation,)).rowcount)

    @property
    def _rows(self) -> Rows:
        return Rows(self.base, JOURNAL.name)


def _plain(value: str | float | None) -> str | float | None:
    return str(value) if isinstance(value, State | Source | Why) else value


def _line(row: Row) -> Line:
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
        decision=row["decision"],
    )
