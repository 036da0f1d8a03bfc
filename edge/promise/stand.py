"""How a promise stands for one kind of request, and what it says to a draft: one rule for the turn, the plan and its pages. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from edge.promise.judgement import Ground, Judgement, Line, Signals, told_promise
from tidegate.chat import JSON
from tidegate.risk.monitor import State
from tidegate.risk.promise import ESCALATE_ALL
from tidegate.risk.terms import Terms, spoken

UNLIKE = 1.0  # novelty above which a promise does not speak of a request
_NEVER = (Ground.NO_PROMISE_POSSIBLE, Ground.ALARM_STOPPED, Ground.UNLIKE_OUTCOMES)


@dataclass(frozen=True, slots=True)
class Stand:
    """A line, its terms, the state of its watch, and the threshold in use: the watch's, or a stricter one that was set."""

    line: Line
    terms: Terms
    state: State
    keep_at: float

    def ground(self, signals: Signals) -> Ground:
        """Why a draft with these signals would be kept or not."""
        if not self.terms.holds:
            return Ground.NO_PROMISE_POSSIBLE
        if self.state is State.STOPPED:
            return Ground.ALARM_STOPPED
        if signals.novelty is not None and signals.novelty > UNLIKE:
            return Ground.UNLIKE_OUTCOMES
        if signals.p_right >= self.keep_at:
            return Ground.SURE_ENOUGH
        tightened = self.state is State.TIGHTENED and signals.p_right >= self.terms.keep_at
        return Ground.ALARM_TIGHTENED if tightened else Ground.NOT_SURE_ENOUGH

    def judge(self, signals: Signals, *, claims: bytes = b"") -> Judgement:
        """The verdict on a draft. Where nothing can be kept, the threshold is above every P(right)."""
        ground = self.ground(signals)
        return Judgement(
            signals, ESCALATE_ALL if ground in _NEVER else self.keep_at, ground, self.line, claims
        )

    def told(self) -> dict[str, JSON]:
        """For programs: the promise, its threshold (null: nothing is kept), and what the outcomes at hand say to it.

        `must_escalate` is the feasibility line: the share that would have to go even to somebody who knew each wrong draft.
        """
        found = self.terms
        return {
            **told_promise(self.line),
            "state": self.state,
            "support": found.support,
            "keep_at": shown_threshold(self.keep_at),
            "must_escalate": round(found.must_escalate, 4),
            "tested_on": {
                "outcomes": found.of,
                "kept": found.kept,
                "wrong": found.wrong,
                "fewest": found.fewest,
            },
            "said": spoken(self.line.task, found),
        }


def shown_threshold(keep_at: float) -> float | None:
    """A threshold for programs: null where it keeps nothing."""
    return None if keep_at >= ESCALATE_ALL else round(keep_at, 4)
