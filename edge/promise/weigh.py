"""A draft weighed: what is to be seen of it, the threshold that applies, and whether it is kept. Reads no clock and no disk."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edge.promise.judgement import Ground, Judgement, Signals
from tidegate.chat import Prompt, Role
from tidegate.engines.port import Draft, Finish
from tidegate.risk import features
from tidegate.risk.calibrate import Calibration
from tidegate.risk.novelty import novelty
from tidegate.risk.task import task_of

if TYPE_CHECKING:
    from edge.ports import House, Request

SHOWN = (
    "mean_logprob", "min_logprob", "max_entropy", "min_margin", "name_logprob", "value_logprob",
    "pass_odds", "copied", "uncopied", "covered", "named", "valid", "missing",
)  # fmt: skip


def weigh(request: Request, draft: Draft, house: House, *, watched: bool = True) -> Judgement:
    """The judgement on a draft, under the promise of its request where there is one. `watched`: an audit of it may leave."""
    sure = house.local.confidence(request.prompt, draft)
    keeper = house.promise
    known = keeper.calibration if keeper is not None else None
    seen = signals(request.prompt, draft, sure, known, house.local.context_tokens)
    said = b""
    if keeper is not None:
        said = keeper.claims(draft) if draft.finish in (Finish.STOP, Finish.TOOL_CALLS) else b""
        promised = keeper.judge(request, seen, claims=said)
        if promised is not None:
            return replace(promised, watched=watched)
    keep_at = house.policy.keep_at
    ground = Ground.SURE_ENOUGH if sure >= keep_at else Ground.NOT_SURE_ENOUGH
    return Judgement(seen, keep_at, ground, None, said)


def signals(
    prompt: Prompt, draft: Draft, sure: float, calibration: Calibration | None, context_tokens: int
) -> Signals:
    """What is to be seen of a draft and its request."""
    row = features.after(draft, prompt)
    asked = features.before(draft.features, prompt)
    return Signals(
        task=task_of(prompt, calls=bool(draft.tool_calls)),
        p_right=sure,
        novelty=novelty(asked, calibration),
        context_used=draft.usage.prompt_tokens / context_tokens if context_tokens else 0.0,
        tools=len(prompt.tools),
        turns=sum(1 for message in prompt.messages if message.role is Role.USER),
        tokens=len(draft.tokens),
        worst_logprob=row["min_logprob"],
        decided={name: row[name] for name in SHOWN},
    )
