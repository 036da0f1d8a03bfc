"""What was known when a draft was kept or sent on, and why it was: one frozen value, shown and written down. Never text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tidegate.chat import JSON
from tidegate.risk.promise import ESCALATE_ALL, Promise
from tidegate.risk.task import Task


class Ground(StrEnum):
    """Why a draft was kept, or was not. Closed."""

    SURE_ENOUGH = "sure_enough"
    NOT_SURE_ENOUGH = "not_sure_enough"
    UNLIKE_OUTCOMES = "unlike_outcomes"  # the request is unlike all that the promise was tested on
    NO_PROMISE_POSSIBLE = "no_promise_possible"  # the outcomes at hand cannot support the promise
    ALARM_TIGHTENED = "alarm_tightened"  # an alarm rang: it would have been kept before
    ALARM_STOPPED = "alarm_stopped"  # a second alarm rang: nothing is kept until a new fit


@dataclass(frozen=True, slots=True)
class Signals:
    """What the decision could see of a request, before and after the draft. Chances in 0..1; None: not measured here.

    `novelty` is the distance from what the model was measured on, above 1 it is unlike all of it.
    """

    task: Task
    p_right: float
    p_right_before: float | None = None
    novelty: float | None = None
    context_used: float = 0.0  # of the local model's context
    tools: int = 0
    turns: int = 0
    tokens: int = 0  # written
    worst_logprob: float = 0.0
    decided: Mapping[str, float] = field(default_factory=dict)  # the features that the calibration read

    def told(self) -> dict[str, JSON]:
        """For programs; rounded."""
        plain: dict[str, JSON] = {
            "task": self.task,
            "p_right": round(self.p_right, 4),
            "p_right_before": _rounded(self.p_right_before),
            "novelty": _rounded(self.novelty),
            "context_used": round(self.context_used, 4),
            "tools": self.tools,
            "turns": self.turns,
            "tokens": self.tokens,
            "worst_logprob": round(self.worst_logprob, 4),
        }
        return plain | {"features": {name: round(value, 4) for name, value in self.decided.items()}}


@dataclass(frozen=True, slots=True)
class Line:
    """One promise that is watched by itself: whose answers, of which task. `scope` is "device", "class" or an application's
    name behind "application:"."""

    scope: str
    task: Task
    promise: Promise

    @property
    def key(self) -> str:
        return f"{self.scope}/{self.task}"

    def concerns(self, application: str) -> bool:
        """Whether answers of that application can fall under it."""
        return not self.scope.startswith("application:") or self.scope == f"application:{application}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a draft is good enough, by which threshold, on which grounds. `claims`: a keyed digest of what it says."""

    signals: Signals
    keep_at: float
    ground: Ground
    line: Line | None = None
    claims: bytes = field(default=b"", repr=False)
    watched: bool = True  # False: nobody could check such an answer, so the watch does not count it

    @property
    def kept(self) -> bool:
        return self.ground is Ground.SURE_ENOUGH

    def told(self) -> dict[str, JSON]:
        """For programs. A threshold above 1 keeps nothing and is shown as null."""
        return {
            "ground": self.ground,
            "keep_at": None if self.keep_at >= ESCALATE_ALL else round(self.keep_at, 4),
            "promise": None if self.line is None else told_promise(self.line),
            "signals": self.signals.told(),
        }


def told_promise(line: Line) -> dict[str, JSON]:
    return {
        "line": line.key,
        "wrong_at_most": line.promise.wrong_at_most,
        "with_confidence": line.promise.with_confidence,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
