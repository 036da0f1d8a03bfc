"""cloud.ports.Intake: size, shape, "does this look redacted?", injection signals. A refusal stores none of the text.

The device has redacted already; this is the second look with the same detector. What a checksum or a format proves
private is refused. A name that only a model suspects is held or let through, as configured: devices redact names with
their own model, and a second model always finds a few more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from cloud.ports import Admission, Admitted, HoldFor, HoldReason, Refused, RejectReason, Submission
from cloud.validation.leaks import Detector, is_proof, outside_placeholders, prompt_leaves
from tidegate.chat import Prompt, Role
from tidegate.errors import BadRequest, Broken
from tidegate.guard.injection import Guarded, Verdict
from tidegate.privacy.spans import Label
from tidegate.privacy.walk import flatten, parse

NAMES = frozenset({Label.PERSON, Label.LOCATION, Label.ORGANIZATION, Label.STREET_ADDRESS})


class Response(StrEnum):
    """What to do about a signal that is no proof."""

    ADMIT = "admit"
    HOLD = "hold"
    REFUSE = "refuse"


class Assess(Protocol):
    """How much a text looks like an attack on instructions. Raises Broken when it cannot look, BadRequest: too long."""

    def __call__(self, text: str, /) -> Guarded: ...


@dataclass(frozen=True, slots=True)
class IntakeRules:
    """Sizes in characters; `name_at` is a score 0..1."""

    most_chars: int = 100_000
    most_messages: int = 200
    most_tools: int = 128
    on_attack: Response = Response.HOLD
    on_suspect: Response = Response.ADMIT
    on_name: Response = Response.ADMIT
    name_at: float = 0.8


@dataclass(frozen=True, slots=True)
class Gate:
    detector: Detector
    assess: Assess
    rules: IntakeRules

    def admit(self, submission: Submission) -> Admission:
        texts = [text for text in prompt_leaves(submission.prompt) if text]
        if too_large(submission, texts, self.rules):
            return Refused(RejectReason.TOO_LARGE)
        if not well_formed(submission):
            return Refused(RejectReason.MALFORMED)
        try:
            return self._privacy(text for text in readings(submission.prompt) if text) or self._intent(
                [m.content for m in submission.prompt.messages if m.content]
            )
        except Broken:  # nobody looked: a person does
            return HoldFor(HoldReason.SUSPECT_INPUT)
        except BadRequest:  # longer than the detectors read
            return Refused(RejectReason.TOO_LARGE)

    def _privacy(self, texts: Iterable[str]) -> Admission | None:
        """Refused for proof of private text; for names alone, what is configured; None when nothing speaks against it."""
        names = False
        for text in texts:
            spans = outside_placeholders(text, self.detector.find(text))
            if any(is_proof(span) for span in spans):
                return Refused(RejectReason.NOT_REDACTED)
            names = names or any(span.label in NAMES and span.score >= self.rules.name_at for span in spans)
        return (
            _answer(self.rules.on_name, HoldReason.SUSPECT_INPUT, RejectReason.NOT_REDACTED)
            if names
            else None
        )

    def _intent(self, texts: Iterable[str]) -> Admission:
        worst = max((self.assess(text) for text in texts), key=lambda seen: seen.injection)
        response = {
            Verdict.CLEAN: Response.ADMIT,
            Verdict.SUSPECT: self.rules.on_suspect,
            Verdict.ATTACK: self.rules.on_attack,
        }[worst.verdict]
        return _answer(response, HoldReason.SUSPECT_INPUT, RejectReason.INJECTION) or Admitted(
            worst.injection
        )


def _answer(response: Response, hold: HoldReason, refuse: RejectReason) -> HoldFor | Refused | None:
    match response:
        case Response.ADMIT:
            return None
        case Response.HOLD:
            return HoldFor(hold)
        case Response.REFUSE:
            return Refused(refuse)


def readings(prompt: Prompt) -> tuple[str, ...]:
    """Every text of a prompt as the device's own detector read it: JSON by its values, prose as it stands."""
    return (
        *(as_json(m.content) if m.role is Role.TOOL else m.content for m in prompt.messages),
        *(text for m in prompt.messages for c in m.tool_calls for text in (c.name, as_json(c.arguments))),
        *(text for t in prompt.tools for text in (t.name, t.description, as_json(t.parameters))),
        prompt.forced_tool,
        as_json(prompt.response_schema),
    )


def as_json(text: str) -> str:
    """JSON text flattened to its keys and values; other text as it is. Raises BadRequest when nested too deep."""
    parsed = parse(text) if text else None
    return text if parsed is None else flatten(parsed.value).text


def too_large(submission: Submission, texts: Iterable[str], rules: IntakeRules) -> bool:
    prompt = submission.prompt
    return (
        sum(len(text) for text in texts) > rules.most_chars
        or len(prompt.messages) > rules.most_messages
        or len(prompt.tools) > rules.most_tools
    )


def well_formed(submission: Submission) -> bool:
    """Somebody asks something: a user or tool turn is there, and tool turns answer a call."""
    messages = submission.prompt.messages
    asks = any(m.role in (Role.USER, Role.TOOL) and m.content.strip() for m in messages)
    return asks and all(m.tool_call_id or m.role is not Role.TOOL for m in messages)
