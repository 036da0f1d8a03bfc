"""What the promise needs on disk: each judged draft, the watch of each line, checks under way, outcomes, and what happened."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum

from edge.promise.judgement import Ground
from edge.store.schema import Base, Row, Rows
from edge.store.tables import CHECKS, HAPPENED, JUDGED, OUTCOMES, WATCHES
from tidegate.chat import JSON
from tidegate.ids import RequestId
from tidegate.risk.task import Task


class Origin(StrEnum):
    """Who says whether an answer was right."""

    AUDIT = "audit"  # a kept answer, drawn by chance
    CLOUD = "cloud"  # the draft of an escalated request, against what was released
    REVIEWER = "reviewer"  # the same, and a person had decided
    FEEDBACK = "feedback"  # the application


class Happened(StrEnum):
    """What the ledger of the promise tells beside counts."""

    BEGUN = "begun"
    ALARM = "alarm"
    NEW_FIT = "new_fit"
    AUDITS_STOPPED = "audits_stopped"  # the budget for the cloud is spent: nothing more is checked
    AUDITS_RESUMED = "audits_resumed"


@dataclass(frozen=True, slots=True)
class Judged:
    """A draft that was judged. `signals` is the judgement as JSON: numbers and closed words, never text."""

    request_id: RequestId
    at: float
    application: str
    line: str  # empty: nothing was promised
    task: Task
    p_right: float
    keep_at: float
    ground: Ground
    kept: int
    signals: str


@dataclass(frozen=True, slots=True)
class Watching:
    """A line's watch. One row per line and set of outcomes tested on: going back to an older model finds its alarm again."""

    id: str
    line: str
    made_from: str
    watch: str  # JSON
    at: float
    kept: int = 0
    drawn: int = 0  # for an audit
    right: int = 0
    wrong: int = 0
    undecided: int = 0  # audits without a verdict


@dataclass(frozen=True, slots=True)
class Check:
    """An answer whose verdict is not there yet. `asked_id` is the id under which the cloud was asked."""

    asked_id: RequestId
    request_id: RequestId
    at: float
    watching: str  # id of the watch; empty: an escalated draft, which no watch counts
    line: str
    task: Task
    p_right: float
    chance: float
    claims: bytes = field(repr=False)
    slip: str = ""  # JSON: what the watch staked on it; empty for an escalated draft


@dataclass(frozen=True, slots=True)
class Outcome:
    id: str
    at: float
    request_id: RequestId
    line: str
    task: Task
    p_right: float
    wrong: float
    origin: Origin
    chance: float


@dataclass(frozen=True, slots=True)
class Event:
    at: float
    line: str
    what: Happened
    state: str
    keep_at: float
    seen: float  # the wrong share that the audits showed


@dataclass(frozen=True, slots=True)
class PromiseStore:
    """`durable`: watches, checks, outcomes, events. `diary`: what was judged, which may lose its last second."""

    durable: Base
    diary: Base

    def judged(self, one: Judged) -> None:
        Rows(self.diary, JUDGED.name).put({column: getattr(one, column) for column in JUDGED.columns})

    def find(self, request_id: RequestId) -> Judged | None:
        found = Rows(self.diary, JUDGED.name).where("request_id = ?", (request_id,))
        return _judged(found[0]) if found else None

    def watching(self, id_: str) -> Watching | None:
        found = Rows(self.durable, WATCHES.name).where("id = ?", (id_,))
        return _watching(found[0]) if found else None

    def watches(self) -> Sequence[Watching]:
        """All, the last changed first."""
        return [_watching(row) for row in Rows(self.durable, WATCHES.name).where(order="at DESC")]

    def save(self, one: Watching) -> None:
        Rows(self.durable, WATCHES.name).put(asdict(one))

    def open(self, check: Check) -> None:
        Rows(self.durable, CHECKS.name).put({**asdict(check), "task": str(check.task)})

    def opened(self, most: int) -> Sequence[Check]:
        """Checks under way, oldest first."""
        return [_check(row) for row in Rows(self.durable, CHECKS.name).where(order="at", most=most)]

    def closed(self, asked_id: RequestId) -> None:
        Rows(self.durable, CHECKS.name).delete("asked_id = ?", (asked_id,))

    def learned(self, outcome: Outcome) -> None:
        Rows(self.durable, OUTCOMES.name).put(
            {**asdict(outcome), "task": str(outcome.task), "origin": str(outcome.origin)}
        )

    def outcomes(self, line: str = "") -> Sequence[Outcome]:
        """All outcomes, or those of a line, oldest first."""
        where, args = ("line = ?", (line,)) if line else ("1", ())
        return [_outcome(row) for row in Rows(self.durable, OUTCOMES.name).where(where, args, order="at")]

    def happened(self, event: Event) -> None:
        rows = Rows(self.durable, HAPPENED.name)
        with self.durable.write():
            last = rows.where(order="seq DESC", most=1)
            row = {**asdict(event), "what": str(event.what), "seq": int(last[0]["seq"]) + 1 if last else 1}
            rows.table.insert(row)

    def events(self, most: int = 100) -> Sequence[Event]:
        """The newest first."""
        return [_event(row) for row in Rows(self.durable, HAPPENED.name).where(order="seq DESC", most=most)]

    def forget(self, before: float) -> int:
        """Deletes judged drafts and outcomes older than that. Watches and events stay. Returns how many rows."""
        return Rows(self.diary, JUDGED.name).delete("at < ?", (before,)) + Rows(
            self.durable, OUTCOMES.name
        ).delete("at < ?", (before,))


def told_signals(one: Judged) -> JSON:
    """The judgement as it was shown."""
    found: JSON = json.loads(one.signals)
    return found


def _judged(row: Row) -> Judged:
    values = {name.name: row[name.name] for name in fields(Judged)}
    return Judged(**{**values, "task": Task(row["task"]), "ground": Ground(row["ground"])})


def _watching(row: Row) -> Watching:
    return Watching(**{name.name: row[name.name] for name in fields(Watching)})


def _check(row: Row) -> Check:
    return Check(**{**{name.name: row[name.name] for name in fields(Check)}, "task": Task(row["task"])})


def _outcome(row: Row) -> Outcome:
    values = {name.name: row[name.name] for name in fields(Outcome)}
    return Outcome(**{**values, "task": Task(row["task"]), "origin": Origin(row["origin"])})


def _event(row: Row) -> Event:
    values = {name.name: row[name.name] for name in fields(Event)}
    return Event(**{**values, "what": Happened(row["what"])})
