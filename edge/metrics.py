"""What /metrics shows: counts and times by closed words, never by text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from edge.ports import Answer, Source, State
from edge.routing.plan import Why
from edge.uplink.spool import SpoolState
from tidegate.risk.monitor import State as PromiseState
from tidegate.telemetry import Count, Level, Spread


class Metrics:
    """The meters of one daemon."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Count(
            self.registry,
            "tidegate_edge_requests",
            "Requests answered, by who answered, why and how",
            source=Source,
            state=State,
            why=Why,
        )
        self._latency = Spread(
            self.registry,
            "tidegate_edge_request_seconds",
            "From the request's arrival to its answer",
            source=Source,
        )
        self._errors = Count(
            self.registry,
            "tidegate_edge_errors",
            "Requests that ended in an error, by HTTP status",
            status=frozenset("400 401 403 404 405 408 409 413 421 422 429 499 500 502 503".split()),
        )
        self._late = Count(self.registry, "tidegate_edge_late_answers", "Late answers handed over")
        self._in_flight = Level(self.registry, "tidegate_edge_in_flight", "Requests being worked on")
        self._link = Level(self.registry, "tidegate_edge_link_up", "1 when the cloud can be reached")
        self._spool = Gauge(
            "tidegate_edge_spool_entries",
            "Escalations in the spool, by state",
            ["state"],
            registry=self.registry,
        )

        self._promises = Gauge(
            "tidegate_edge_promise_lines",
            "Promises, by how they stand: keeping, tightened or stopped",
            ["state"],
            registry=self.registry,
        )
        self._alarms = Level(
            self.registry, "tidegate_edge_promise_alarms", "Alarms of the promise since the start"
        )

    def promised(self, states: Iterable[PromiseState], alarms: int) -> None:
        """The promises as they are now."""
        found = list(states)
        for state in PromiseState:
            self._promises.labels(str(state)).set(found.count(state))
        self._alarms.set(float(alarms))

    def answered(self, answer: Answer, seconds: float) -> None:
        self._requests.add(source=answer.source, state=answer.state, why=answer.why)
        self._latency.observe(seconds, source=answer.source)

    def failed(self, status: int) -> None:
        self._errors.add(status=str(status))

    def told_late(self, count: int) -> None:
        if count:
            self._late.add(count)

    def page(self, *, in_flight: int, link_up: bool, spool: Mapping[str, int]) -> bytes:
        """The exposition text, with the levels as they are now."""
        self._in_flight.set(in_flight)
        self._link.set(float(link_up))
        for state in SpoolState:
            self._spool.labels(str(state)).set(spool.get(str(state), 0))
        return generate_latest(self.registry)
