"""The life of one escalation in the spool, as a table. Pure: the store writes what `step` returns, before anything is done.

    QUEUED --Sending--> SENT --Answered--> DONE
      ^                  | \\--Waiting----> HELD --Answered--> DONE
      |----Failed--------/                  | --Failed--> HELD, later
      |----Forgotten (the cloud lost the ticket)
    QUEUED --Withdrawn--> DONE (it does not leave); SENT, HELD: marked, and the cloud is told when it can be
    any live state: Distrusted -> DEAD (untrusted), Expired -> DEAD (expired)

Rule 1: an entry is in the store before its bytes leave. Rule 2: DONE and DEAD never change again. Rule 3: a repeat uses the
same idempotency key and the same bytes, so the cloud answers it once. After a power cut SENT is QUEUED again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol, assert_never

from edge.ports import HoldReason
from edge.routing.plan import Why
from tidegate.ids import ConversationId, RequestId, Ticket, TraceId

FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 60.0
FURTHEST_RETRY_S = (
    3600.0  # no try is put off further: what seems so was put off before the clock was set back
)


class SpoolState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    HELD = "held"
    DONE = "done"
    DEAD = "dead"


AUDITS = "tidegate:audits"  # no application has this name: what answers an audit is nobody's late answer
LIVE = (SpoolState.QUEUED, SpoolState.SENT, SpoolState.HELD)


class DeathCause(StrEnum):
    """Why it is dead, or ends."""

    NONE = ""
    WITHDRAWN = "withdrawn"  # nobody needs it any more; the cloud is to be told
    EXPIRED = "expired"
    UNTRUSTED = "untrusted"


@dataclass(frozen=True, slots=True)
class Entry:
    """One escalation and how far it got. `payload` is the exact (redacted) bytes that leave; `reply` is the cloud's."""

    ticket: Ticket
    request_id: RequestId
    revision: int
    conversation: ConversationId
    application: str
    trace: TraceId
    why: Why
    payload: bytes = field(repr=False)
    body_mac: bytes = field(repr=False)  # of the plain request: a repeat with other content is refused
    asked_mac: bytes = field(repr=False)  # of the conversation up to the question: finds its next turn
    created_at: float
    expires_at: float
    deadline_s: float
    priority: int = 0
    state: SpoolState = SpoolState.QUEUED
    attempts: int = 0
    next_at: float = 0.0
    cloud_ticket: str = ""
    hold: HoldReason | None = None
    reply: bytes = field(default=b"", repr=False)
    answered_at: float = 0.0
    claimed_at: float = 0.0  # handed to the application, once
    cause: DeathCause = DeathCause.NONE

    @property
    def live(self) -> bool:
        return self.state in LIVE

    @property
    def withdrawn(self) -> bool:
        """Whether nobody here needs its answer, and the cloud does not know that yet."""
        return self.live and self.cause is DeathCause.WITHDRAWN

    @property
    def billed(self) -> str:
        """The application on whose account this goes: of an audit, the one whose answer is checked."""
        return self.application.removeprefix(f"{AUDITS}:")


def auditing(application: str) -> str:
    """Under which name an answer of that application is sent to be checked."""
    return f"{AUDITS}:{application}"


@dataclass(frozen=True, slots=True)
class Sending:
    """Its bytes are about to leave."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A verified, final reply (released or rejected)."""

    reply: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A person in the cloud decides."""

    cloud_ticket: str
    reason: HoldReason


@dataclass(frozen=True, slots=True)
class Failed:
    """The cloud did not answer. `after_s`: seconds until the next try; absent: twice the last wait."""

    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The cloud no longer knows the ticket: ask again from the start, under the same key."""


@dataclass(frozen=True, slots=True)
class Distrusted:
    """The reply's proof failed. Not retried."""


@dataclass(frozen=True, slots=True)
class Expired:
    """Nobody answered within its life."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Nobody here needs its answer any more. `reply`: what stands in its place where it has not left, or is not on its way."""

    reply: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unpaid:
    """There is no money left for it: it waits for a while and is looked at again."""

    after_s: float


@dataclass(frozen=True, slots=True)
class Restarted:
    """The daemon came up again and does not know whether the bytes arrived."""


Event = (
    Sending | Answered | Waiting | Failed | Forgotten | Distrusted | Expired | Withdrawn | Unpaid | Restarted
)


def step(entry: Entry, event: Event, now: float) -> Entry:
    """The entry after the event. Pure; DONE and DEAD absorb everything."""
    if not entry.live:
        return entry
    match event:
        case Sending():
            return _sending(entry)
        case Answered(reply):
            return replace(entry, state=SpoolState.DONE, reply=reply, answered_at=now, next_at=0.0)
        case Waiting(cloud_ticket, reason):
            return replace(
                entry, state=SpoolState.HELD, cloud_ticket=cloud_ticket, hold=reason, attempts=0, next_at=now
            )
        case Failed(after_s):
            back = SpoolState.HELD if entry.state is SpoolState.HELD else SpoolState.QUEUED
            wait = backoff(entry.attempts) if after_s is None else after_s
            return replace(entry, state=back, attempts=entry.attempts + 1, next_at=now + wait)
        case Forgotten():
            return replace(entry, state=SpoolState.QUEUED, cloud_ticket="", hold=None, next_at=now)
        case Distrusted():
            return replace(entry, state=SpoolState.DEAD, cause=DeathCause.UNTRUSTED, answered_at=now)
        case Expired():
            return replace(entry, state=SpoolState.DEAD, cause=DeathCause.EXPIRED, answered_at=now)
        case Unpaid(after_s):
            return replace(entry, next_at=now + after_s) if entry.state is SpoolState.QUEUED else entry
        case Withdrawn(reply):
            return _withdrawn(entry, reply, now)
        case Restarted():
            return _restarted(entry, now)
        case other:
            assert_never(other)


def _sending(entry: Entry) -> Entry:
    return entry if entry.state is SpoolState.HELD else replace(entry, state=SpoolState.SENT)


def _withdrawn(entry: Entry, reply: bytes, now: float) -> Entry:
    if entry.state is SpoolState.QUEUED:
        return step(entry, Answered(reply), now)
    return replace(entry, cause=DeathCause.WITHDRAWN, attempts=0, next_at=now)


def _restarted(entry: Entry, now: float) -> Entry:
    unsure = entry.state is SpoolState.SENT
    return replace(entry, state=SpoolState.QUEUED, next_at=now) if unsure else entry


def backoff(attempts: int) -> float:
    """Seconds to wait after the given number of earlier failures: 1, 2, 4 ... 60."""
    return float(min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** min(attempts, 10)))


class Shelf(Protocol):
    """Where entries lie. Every method raises Exhausted when the disk is full, and then nothing has changed."""

    def put(self, entry: Entry) -> None:
        """Adds a new entry; on disk when it returns. Raises BadRequest (409) when the idempotency key is taken."""
        ...

    def save(self, entry: Entry) -> None:
        """Overwrites the entry with the same ticket; on disk when it returns."""
        ...

    def get(self, ticket: Ticket) -> Entry | None: ...

    def find(self, request_id: RequestId, revision: int) -> Entry | None: ...

    def live(self) -> Sequence[Entry]:
        """Everything not DONE or DEAD: highest priority first, then oldest."""
        ...

    def due(self, now: float, most: int, aged: float) -> Sequence[Entry]:
        """What may be tried now, has expired by `aged`, or waits for a time that only a clock set back explains: unheld
        before held, highest priority first, then oldest."""
        ...

    def hasten(self, now: float) -> None:
        """The cloud is back: whatever waits for its next try need not wait longer."""
        ...

    def unclaimed(self, application: str) -> Sequence[Entry]:
        """What has been answered (or has died) and was not handed over yet, oldest first."""
        ...

    def pending(self, application: str) -> Sequence[Entry]:
        """Everything not handed over yet, answered or not, oldest first."""
        ...

    def claim(self, ticket: Ticket, now: float) -> bool:
        """Marks it as handed over. True exactly once per ticket, whatever happens in between."""
        ...
