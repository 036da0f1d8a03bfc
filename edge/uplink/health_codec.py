"""How a device does, as bytes for its fleet. Pure."""

from __future__ import annotations

from tidegate.health import MOST_LINES, Health, PromiseLine
from tidegate.wire.v1 import fleet_pb2 as wire


def health_bytes(health: Health) -> bytes:
    """At most MOST_LINES promises, those with an alarm first."""
    lines = sorted(health.lines, key=lambda line: not line.alarmed)[:MOST_LINES]
    return wire.Health(
        at=health.at,
        answered_here=health.here,
        answered_there=health.there,
        unanswered=health.nobody,
        spooled=health.spooled,
        given_up=health.given_up,
        promise=[_line(line) for line in lines],
    ).SerializeToString()


def _line(line: PromiseLine) -> wire.PromiseLine:
    return wire.PromiseLine(
        scope=f"PROMISE_SCOPE_{line.scope.name}",
        task=f"PROMISE_TASK_{line.task.name}",
        state=f"PROMISE_STATE_{line.state.name}",
        possible=line.possible,
        wrong_at_most=line.wrong_at_most,
        kept=line.kept,
        drawn=line.drawn,
        right=line.right,
        wrong=line.wrong,
        undecided=line.undecided,
        alarms=line.alarms,
        alarm_at=line.alarm_at,
    )
