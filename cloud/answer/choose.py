"""Who answers: a model when tools or a schema are asked for, the operator's documents for questions about them.

cloud.ports.Answerer. A model's "not for me" is believed: then the documents are asked; when they are silent, nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from cloud.answer.approval import asked_call, asks_approval
from cloud.answer.knowledge import compose
from cloud.ports import Passage, Proposal, Submission
from tidegate.chat import Prompt, ToolChoice
from tidegate.engines.port import Draft, Engine, Finish
from tidegate.risk.calibrate import Calibration, confidence


def no_calibration(digest: str) -> Calibration | None:
    """What is known about a model that nobody measured here, such as one behind another server: nothing."""
    return None


@dataclass(frozen=True, slots=True)
class Choice:
    """`engine` None means that no cloud model is installed. `speaks`: it writes prose too, not only tool calls."""

    engine: Engine | None
    documents: str  # SHA-256 (hex) of the knowledge documents
    speaks: bool = False
    calibrated: Callable[[str], Calibration | None] = no_calibration  # by the weights' SHA-256

    async def propose(self, submission: Submission, passages: tuple[Passage, ...]) -> Proposal | None:
        prompt = submission.prompt
        if asks_approval(submission):
            return asked_call(submission)
        structured = wants_structure(prompt)
        if structured and self.engine is not None:
            proposal = self._judged(prompt, await self.engine.generate(prompt), self.engine)
            if proposal is not None or must_call(prompt):
                return proposal
        if must_call(prompt):
            return None
        quoted = compose(prompt.last_user(), passages, self.documents)
        if quoted is not None or not self.speaks or self.engine is None or structured:
            return quoted
        return self._judged(prompt, await self.engine.generate(prompt), self.engine)

    def _judged(self, prompt: Prompt, draft: Draft, engine: Engine) -> Proposal | None:
        """The draft as a proposal, marked unsure when the model's own calibration would not keep it."""
        proposal = from_draft(draft, engine)
        made = self.calibrated(engine.digest)
        if proposal is None or made is None:
            return proposal
        return replace(proposal, unsure=confidence(draft, prompt, made) < made.keep_at)


def wants_structure(prompt: Prompt) -> bool:
    """Whether only a model can give the asked form: a tool call, or JSON by a schema."""
    offered = bool(prompt.tools) and prompt.tool_choice is not ToolChoice.NONE
    return offered or bool(prompt.response_schema)


def must_call(prompt: Prompt) -> bool:
    """Whether prose would be the wrong form of answer."""
    forced = prompt.tool_choice is ToolChoice.REQUIRED or bool(prompt.forced_tool)
    return forced or bool(prompt.response_schema)


def from_draft(draft: Draft, engine: Engine) -> Proposal | None:
    """A finished draft as a proposal; a "not for me" and a cut-off draft are none."""
    if draft.finish in (Finish.PASS, Finish.LENGTH):
        return None
    if not draft.text.strip() and not draft.tool_calls:
        return None
    return Proposal(
        text=draft.text,
        tool_calls=draft.tool_calls,
        model=engine.model,
        model_digest=engine.digest,
        usage=draft.usage,
        draft=draft,
    )
