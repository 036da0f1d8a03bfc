"""Gathers a moment of the daemon for its status page. Reads what is there; starts, loads and changes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from edge.config import EdgeConfig
from edge.consents import Consents
from edge.gateway.limits import Gate
from edge.pages.loaded import (
    ModelSeen,
    Quantisations,
    Sentry,
    embedder_part,
    model_part,
    sentry_part,
    update_part,
)
from edge.pages.proof import Walker
from edge.pages.seen import Hour, Left, Machine, Part, Seen
from edge.pages.trail import Trail
from edge.preferring import from_daemon
from edge.promise.ledger import Sheet
from edge.sockets import foreign_sockets
from edge.stores import Stores
from edge.uplink.ledger import Kind, Record
from tidegate import __version__
from tidegate.clock import Clock, midnight
from tidegate.fs import free_bytes

HOURS = 12
HOUR_S = 3600.0
LINES = 16
_LOOKED_THROUGH = 60  # lines read, so that one application's user sees some of its own
_SOCKETS_S = 5.0


@dataclass(frozen=True, slots=True)
class Live:
    """The parts of a running daemon as the page sees them, chosen in edge.app."""

    config: Callable[[], EdgeConfig]  # as they are now: settings can be read again
    stores: Stores
    local: ModelSeen
    gate: Gate
    link: Callable[[], str]
    sentry: Callable[[], Sentry | None]
    embedder: Callable[[], bool]
    consents: Consents
    clock: Clock
    promise: Callable[[], tuple[Sheet, ...]] = tuple  # as it stands; none where nothing is promised


@dataclass(slots=True)
class Watch:
    """Looks when asked. Use from one event loop."""

    live: Live
    trail: Trail
    walker: Walker
    quantisations: Quantisations = field(default_factory=Quantisations)
    started: float = 0.0
    _foreign: tuple[float, int | None] = (float("-inf"), None)

    @classmethod
    def over(cls, live: Live) -> Watch:
        return cls(
            live,
            Trail(live.link, live.clock),
            Walker(live.stores.ledger, live.clock),
            started=live.clock.now(),
        )

    def look(self) -> Seen:
        """Raises Broken when the state folder cannot be read."""
        live, now = self.live, self.live.clock.now()
        config, day = live.config(), midnight(now)
        promised = live.promise()
        return Seen(
            now=now,
            started=self.started,
            version=__version__,
            mode=config.mode,
            uplink=config.escalates,
            modes={name: config.modes.of(name) for name in sorted(config.mode_for)},
            parts=self._parts(config),
            inside=live.gate.inside,
            bound=live.gate.most,
            link=self.trail.note(),
            spool=live.stores.spool.counts(),
            left=left_of(live.stores.ledger.since(day)),
            proof=self.walker.proof(),
            today=live.stores.journal.counts(day),
            hours=hours_of(live.stores.journal.spread(first_hour(now), HOUR_S), now),
            lines=tuple(live.stores.journal.latest(_LOOKED_THROUGH)),
            waiting=live.consents.waiting(),
            machine=Machine(memory(), free_bytes(config.state), self._beyond()),
            seats=live.local.seats,
            promise=promised,
            preference=from_daemon(config, live.local, promised, live.stores.journal, now),
        )

    def _parts(self, config: EdgeConfig) -> tuple[Part, ...]:
        live = self.live
        quantisation = self.quantisations.of(live.local.digest, config) if live.local.ready else ""
        return (
            model_part(live.local, quantisation, config),
            sentry_part(live.sentry()),
            embedder_part(live.embedder()),
            update_part(config),
        )

    def _beyond(self) -> int | None:
        """Sockets of this process beyond this machine, looked at again after some seconds."""
        moment = self.live.clock.mono()
        if moment - self._foreign[0] >= _SOCKETS_S:
            try:
                found: int | None = len(foreign_sockets(os.getpid()))
            except OSError:
                found = None
            self._foreign = (moment, found)
        return self._foreign[1]


def first_hour(now: float) -> float:
    """The full hour with which the chart begins."""
    return now - now % HOUR_S - (HOURS - 1) * HOUR_S


def hours_of(spread: dict[tuple[int, str], int], now: float) -> tuple[Hour, ...]:
    """The last hours, each with what was answered in it. Pure."""
    start = first_hour(now)
    return tuple(
        Hour(
            start + step * HOUR_S,
            {source: count for (at, source), count in spread.items() if at == step and count},
        )
        for step in range(HOURS)
    )


def left_of(records: list[Record]) -> Left:
    """What those records of the ledger say has left. A request that was sent again counts its values once. Pure."""
    sent = [record for record in records if record.kind is Kind.SENT]
    by_request = {record.request_id: record for record in sent}
    entities: dict[str, int] = {}
    for record in by_request.values():
        for label, count in record.entities.items():
            entities[str(label)] = entities.get(str(label), 0) + count
    return Left(
        requests=len(by_request),
        sends=len(sent),
        bytes=sum(record.size for record in sent),
        entities=dict(sorted(entities.items(), key=lambda item: (-item[1], item[0]))),
    )


def memory(statm: Path = Path("/proc/self/statm")) -> int:
    """Resident bytes of this process; 0 where the system does not say."""
    try:
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0
