"""What would become of a request, without answering it. Pure: facts and chances in, an explained decision out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from edge.routing.plan import EscalateNow, Facts, Refuse, StayLocal, TryLocal, Why, plan
from edge.routing.world import CALM, World

CANNOT = (
    0.05  # share of its prospect that is left where the local model is not even asked, so that order is kept
)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """`decision` is local, escalate or refuse; `p_right` is P(the local draft would serve), before it is written."""

    decision: str
    why: tuple[Why, ...]
    p_right: float
    drafts: bool  # whether the local model would write at all
    keep_at: float = 0.0
    world: World = CALM


def foresee(facts: Facts, *, prospect: float, pass_p: float, keep_at: float) -> Foreseen:
    """The plan, and for a request that may be tried here the likely outcome of trying."""
    found = _likely(facts, prospect=prospect, pass_p=pass_p, keep_at=keep_at)
    return replace(found, keep_at=keep_at, world=facts.world)


def _likely(facts: Facts, *, prospect: float, pass_p: float, keep_at: float) -> Foreseen:
    match plan(facts):
        case Refuse(why):
            return Foreseen("refuse", (why,), 0.0, drafts=False)
        case StayLocal(why):
            return Foreseen("local", (why,), prospect, drafts=True)
        case EscalateNow(why):
            chance = prospect * CANNOT if why is Why.NO_TOOLS else prospect
            return Foreseen("escalate", (why,), chance, drafts=False)
        case TryLocal(ask):
            if prospect >= keep_at:
                return Foreseen("local", (Why.CONFIDENT,), prospect, drafts=True)
            doubts = (Why.UNSURE, Why.PASSED) if pass_p >= 0.5 else (Why.UNSURE,)
            if ask:
                return Foreseen("refuse", (Why.CONSENT_NEEDED, *doubts), prospect, drafts=True)
            return Foreseen("escalate", doubts, prospect, drafts=True)
        case other:
            assert_never(other)
