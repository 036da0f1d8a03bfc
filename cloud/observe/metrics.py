"""The cloud tier's metrics. Label values form closed sets; no id and no text is ever a label."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, generate_latest

from cloud.review.machine import Decision, Phase
from tidegate.telemetry import Count, Level, Spread

_OUTCOMES = frozenset({"released", "held", "rejected", "unavailable"})


class CloudMetrics:
    """One registry per process, shown at /metrics of the console port."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._escalations = Count(
            self.registry, "tidegate_escalations", "Escalations by outcome", outcome=_OUTCOMES
        )
        self._seconds = Spread(
            self.registry, "tidegate_escalation_seconds", "Time from arrival to outcome", outcome=_OUTCOMES
        )
        self._decisions = Count(
            self.registry, "tidegate_review_decisions", "Decisions of people", decision=Decision
        )
        self._refused_peers = Count(self.registry, "tidegate_refused_peers", "Callers that were not believed")
        self._waiting = Level(self.registry, "tidegate_review_waiting", "Held cases that wait for a person")
        self._audit = Level(self.registry, "tidegate_audit_entries", "Entries of the audit log")

    def escalation(self, outcome: str, seconds: float) -> None:
        self._escalations.add(outcome=outcome)
        self._seconds.observe(seconds, outcome=outcome)

    def decision(self, decision: Decision) -> None:
        self._decisions.add(decision=decision)

    def refused_peer(self) -> None:
        self._refused_peers.add()

    def page(self, phases: Mapping[Phase, int], audit_size: int) -> bytes:
        """The exposition text, with the gauges brought up to date."""
        self._waiting.set(phases.get(Phase.OPEN, 0) + phases.get(Phase.CLAIMED, 0))
        self._audit.set(audit_size)
        return generate_latest(self.registry)
