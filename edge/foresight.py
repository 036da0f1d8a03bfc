"""What would become of a request, before anything is written or sent: one function for `tidegate plan`, its endpoint and its page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from edge.promise.judgement import Judgement, Signals
from edge.promise.stand import Stand, shown_threshold
from edge.routing.dryrun import Foreseen, foresee
from edge.routing.plan import Facts, Refuse, plan
from edge.routing.world import told as told_world
from tidegate.chat import JSON, Prompt, Role
from tidegate.errors import Broken
from tidegate.risk import features
from tidegate.risk.calibrate import Calibration
from tidegate.risk.novelty import novelty
from tidegate.risk.task import Task, task_of

Stands = Callable[
    [Task], Stand | None
]  # how the promise of such a request stands; None: nothing was promised


def unpromised(_task: Task) -> Stand | None:
    """Where nothing was promised."""
    return None


@runtime_checkable
class Foresees(Protocol):
    """A local model that can look at a prompt without writing."""

    @property
    def calibration(self) -> Calibration | None: ...

    async def glance(self, prompt: Prompt) -> Mapping[str, float]: ...

    def prospect(self, prompt: Prompt, seen: Mapping[str, float]) -> float: ...


@dataclass(frozen=True, slots=True)
class Foresight:
    """`prospect` is P(the draft would serve) before it is written, None where nobody looked; `seen` is what the model saw.

    `judged`: what the promise would say to a draft as sure as that; None where nothing was promised.
    """

    facts: Facts
    found: Foreseen
    prospect: float | None
    seen: Mapping[str, float]
    stand: Stand | None
    judged: Judgement | None


async def foretell(
    prompt: Prompt, facts: Facts, local: object, *, usual: float, stands: Stands = unpromised
) -> Foresight:
    """Nothing is written and nothing leaves; the model reads the prompt where it could answer it.

    `usual`: the threshold where nothing was promised. Raises BadRequest when the model's template refuses the prompt.
    """
    seen, prospect = await _looked(prompt, facts, local)
    stand = stands(task_of(prompt))
    judged = stand.judge(_signals(prompt, seen, prospect, facts, local)) if stand is not None else None
    keep_at = usual if judged is None else judged.keep_at
    found = foresee(facts, prospect=prospect or 0.0, pass_p=seen.get("pass_p", 0.0), keep_at=keep_at)
    return Foresight(facts, found, prospect, seen, stand, judged)


def told(one: Foresight, found: Foreseen | None = None) -> dict[str, JSON]:
    """The decision in short, for programs; `found` in place of what was foreseen, once a draft has been judged."""
    found = found or one.found
    return {
        "decision": found.decision,
        "p_right": round(found.p_right, 6),
        "why": [why.value for why in found.why],
    }


def told_promise(one: Foresight) -> JSON:
    """The promise, its threshold, what can be promised at all, and why a draft would be kept under it or not."""
    if one.stand is None or one.judged is None:
        return None
    return {**one.stand.told(), "ground": one.judged.ground}


def told_signals(one: Foresight) -> dict[str, JSON]:
    """All that the decision rests on, for programs."""
    facts, judged = one.facts, one.judged
    return {
        "keep_at": shown_threshold(one.found.keep_at),
        "mode": facts.mode,
        "consent": facts.consent,
        "asks": facts.asks,
        "novelty": None
        if judged is None or judged.signals.novelty is None
        else round(judged.signals.novelty, 4),
        "seen": {name: round(value, 6) for name, value in sorted(one.seen.items())},
        "signals": told_world(one.found.world),
    }


async def _looked(prompt: Prompt, facts: Facts, local: object) -> tuple[Mapping[str, float], float | None]:
    """What the model makes of the prompt; nothing where it is not asked or cannot say."""
    fits = facts.local_model and facts.prompt_tokens < facts.context_tokens
    if not fits or isinstance(plan(facts), Refuse) or not isinstance(local, Foresees):
        return {}, None
    try:
        seen = await local.glance(prompt)
    except Broken:
        return {}, None
    return seen, local.prospect(prompt, seen)


def _signals(
    prompt: Prompt, seen: Mapping[str, float], prospect: float | None, facts: Facts, local: object
) -> Signals:
    """What the promise looks at, as far as it is known before a draft."""
    known = local.calibration if isinstance(local, Foresees) else None
    return Signals(
        task=task_of(prompt),
        p_right=prospect or 0.0,
        p_right_before=prospect,
        novelty=novelty(features.before(seen, prompt), known) if prospect is not None else None,
        context_used=facts.prompt_tokens / facts.context_tokens if facts.context_tokens else 0.0,
        tools=len(prompt.tools),
        turns=sum(1 for message in prompt.messages if message.role is Role.USER),
    )
