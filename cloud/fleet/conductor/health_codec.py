"""How a device does, out of the bytes it sent. Pure; a word that is not known here makes the whole message malformed."""

from __future__ import annotations

from tidegate.health import MOST_LINES, Health, PromiseLine, Scope
from tidegate.risk.monitor import State
from tidegate.risk.task import Task
from tidegate.wire.v1 import fleet_pb2 as wire


def read_health(content: bytes) -> Health:
    """Raises DecodeError, ValueError or KeyError, as `codec.read` expects them."""
    message = wire.Health.FromString(content)
    if len(message.promise) > MOST_LINES or message.at < 0:
        raise ValueError("health")
    return Health(
        message.at,
        message.answered_here,
        message.answered_there,
        message.unanswered,
        message.spooled,
        message.given_up,
        tuple(_line(line) for line in message.promise),
    )


def _line(line: wire.PromiseLine) -> PromiseLine:
    if not 0.0 <= line.wrong_at_most <= 1.0:  # NaN too
        raise ValueError("wrong_at_most")
    return PromiseLine(
        Scope[wire.PromiseScope.Name(line.scope).removeprefix("PROMISE_SCOPE_")],
        Task[wire.PromiseTask.Name(line.task).removeprefix("PROMISE_TASK_")],
        State[wire.PromiseState.Name(line.state).removeprefix("PROMISE_STATE_")],
        line.possible,
        line.wrong_at_most,
        line.kept,
        line.drawn,
        line.right,
        line.wrong,
        line.undecided,
        line.alarms,
        line.alarm_at,
    )
