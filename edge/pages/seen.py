"""What the status page shows, as values: numbers, closed words, names of models and applications. Never what anybody wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from edge.consents import Asked
from edge.preference import Preference
from edge.preference import told as told_preference
from edge.promise.ledger import Sheet
from edge.routing.mode import Mode
from edge.store.journal import Line
from tidegate.chat import JSON
from tidegate.clock import rfc3339
from tidegate.engines.seats import Seats


class Sign(StrEnum):
    """How a part does."""

    GOOD = "good"
    CARE = "care"
    BAD = "bad"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is loaded, or is not: what it is, and what is known about it."""

    name: str
    sign: Sign
    what: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class LinkSeen:
    """`state` is a word of edge.routing.link, or `none`, or `refused` (one side does not accept the other's identity)."""

    state: str
    changes: tuple[tuple[float, str], ...] = ()  # when it became what, oldest first


@dataclass(frozen=True, slots=True)
class Left:
    """What left since midnight, from the egress ledger. `entities`: private values replaced by placeholders."""

    requests: int = 0
    sends: int = 0
    bytes: int = 0
    entities: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proof:
    """The ledger's own state: how many records stood when it was walked, or what was wrong."""

    records: int = 0
    verified_at: float = 0.0
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Hour:
    """Answers of one hour by source."""

    start: float
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Machine:
    """Bytes; `foreign`: sockets beyond this machine, None where it cannot be seen."""

    memory: int = 0
    disk_free: int = 0
    foreign: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A moment of the daemon."""

    now: float
    started: float
    version: str
    mode: Mode
    uplink: bool
    modes: Mapping[str, Mode]
    parts: tuple[Part, ...]
    inside: int
    bound: int
    link: LinkSeen
    spool: Mapping[str, int]
    left: Left
    proof: Proof
    today: Mapping[tuple[str, str], int]  # (source, state)
    hours: tuple[Hour, ...]
    lines: tuple[Line, ...]
    waiting: tuple[Asked, ...]
    machine: Machine
    seats: Seats | None = None  # of the engine; None without a model
    promise: tuple[Sheet, ...] = ()  # the lines of the promise as they stand
    preference: Preference | None = None  # whether answers stay here as the settings want it

    def answers(self, source: str) -> int:
        """Answers since midnight by that source."""
        return sum(count for (by, _), count in self.today.items() if by == source)

    @property
    def queued(self) -> int:
        """Escalations that still wait for the cloud."""
        return sum(self.spool.get(state, 0) for state in ("queued", "sent", "held"))

    @property
    def alarmed(self) -> tuple[Sheet, ...]:
        """Lines of the promise in which an alarm rang that no new fit has ended."""
        return tuple(sheet for sheet in self.promise if sheet.alarmed)

    def of(self, application: str | None) -> Seen:
        """The same as an application's user may see it: its own decisions and requests alone; the owner (None) sees all."""
        if application is None:
            return self
        from dataclasses import replace

        return replace(
            self,
            lines=tuple(line for line in self.lines if line.application == application),
            waiting=tuple(one for one in self.waiting if one.application == application),
            modes={name: mode for name, mode in self.modes.items() if name == application},
            promise=tuple(sheet for sheet in self.promise if sheet.line.concerns(application)),
            preference=None,
        )


def told(seen: Seen) -> dict[str, JSON]:
    """For programs."""
    return {
        "object": "tidegate.status",
        "at": rfc3339(seen.now),
        "version": seen.version,
        "mode": seen.mode,
        "mode_for": {name: str(mode) for name, mode in seen.modes.items()},
        "uplink": seen.uplink,
        "parts": [
            {"name": one.name, "sign": one.sign, "what": one.what, "said": one.said} for one in seen.parts
        ],
        "queue": {"inside": seen.inside, "most": seen.bound},
        "engine": None if seen.seats is None else _engine(seen.seats),
        "link": {
            "state": seen.link.state,
            "changes": [{"at": rfc3339(at), "state": state} for at, state in seen.link.changes],
        },
        "spool": dict(seen.spool),
        "left_today": {
            "requests": seen.left.requests,
            "sends": seen.left.sends,
            "bytes": seen.left.bytes,
            "entities": dict(seen.left.entities),
        },
        "ledger": {
            "records": seen.proof.records,
            "verified_at": rfc3339(seen.proof.verified_at) if seen.proof.verified_at else None,
            "wrong": seen.proof.wrong or None,
        },
        "today": [
            {"source": source, "state": state, "count": count}
            for (source, state), count in sorted(seen.today.items())
        ],
        "hours": [{"from": rfc3339(one.start), **dict(one.counts)} for one in seen.hours],
        "decisions": [_decision(line) for line in seen.lines],
        "promise": [_promise(sheet) for sheet in seen.promise],
        "local_answers": None if seen.preference is None else told_preference(seen.preference),
        "waiting_for_consent": [one.id for one in seen.waiting],
        "memory_bytes": seen.machine.memory,
        "disk_free_bytes": seen.machine.disk_free,
        "sockets_beyond_this_machine": seen.machine.foreign,
    }


def _engine(seats: Seats) -> JSON:
    return {
        "context_tokens": seats.context_tokens,
        "slots": [
            {"busy": one.busy, "reading": one.left, "held_tokens": one.held, "spare": one.spare}
            for one in seats.slots
        ],
        "at_work": seats.at_work,
        "waiting": seats.waiting,
        "most_waiting": seats.most_waiting,
        "served": seats.tally.served,
        "prompt_tokens": seats.tally.prompt_tokens,
        "reused_tokens": seats.tally.reused,
        "requests_that_reused": seats.tally.shared,
    }


def _promise(sheet: Sheet) -> JSON:
    return {
        **sheet.stand.told(),
        "kept": sheet.saved.kept if sheet.saved is not None else 0,
        "wrong_share_seen": None if sheet.seen is None else round(sheet.seen, 4),
        "towards_alarm": round(sheet.towards_alarm, 3),
        "alarms": sheet.alarms,
    }


def _decision(line: Line) -> JSON:
    return {
        "at": rfc3339(line.at),
        "application": line.application,
        "request": line.request_id,
        "source": line.source,
        "state": line.state,
        "why": line.why,
        "confidence": line.confidence,
        "latency_ms": round(line.latency_ms, 1),
        "ticket": line.ticket,
    }
