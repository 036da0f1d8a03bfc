"""The LEAKS and PLACEHOLDERS checks: nothing private in an answer, no placeholder that the request did not hold. Pure.

LEAKS is exact where it can be: the device sends salted commitments to what it redacted, and every run of words of the
answer is tested against them. Text quoted from the operator's own documents is public here and is not a leak.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cloud.knowledge.quote import squeezed
from cloud.ports import Outcome, Passage, Proposal, Submission
from tidegate.chat import Prompt
from tidegate.privacy.commitments import leaks
from tidegate.privacy.placeholders import find_placeholders
from tidegate.privacy.pseudonyms import reserved
from tidegate.privacy.spans import NATIONAL_IDS, Label, Span

STRUCTURED = frozenset(
    {
        Label.PHONE_NUMBER,
        Label.EMAIL_ADDRESS,
        Label.CREDIT_CARD,
        Label.IBAN_CODE,
        Label.IP_ADDRESS,
        Label.MAC_ADDRESS,
        Label.API_KEY,
        Label.CRYPTO,
        Label.PASSWORD,
    }
    | NATIONAL_IDS
)
SURE = 0.6


class Detector(Protocol):
    """Finds private text. Raises Broken when it cannot look."""

    def find(self, text: str) -> Sequence[Span]: ...

    def structured(self, text: str) -> Sequence[Span]:
        """What formats and checksums alone find: no names."""
        ...


@dataclass(frozen=True, slots=True)
class LeakCheck:
    """`detector` None leaves the exact part alone (tests of it); cloud.app always gives one."""

    detector: Detector | None

    def __call__(self, submission: Submission, proposal: Proposal, passages: tuple[Passage, ...]) -> Outcome:
        public = squeezed(" ".join(f"{p.source} {p.section} {p.text}" for p in passages)).casefold()
        for text in leaves(proposal):
            if any(not _is_public(text[a:b], public) for a, b in _committed(text, submission)):
                return Outcome.FAILED
            if any(not _is_public(text[s.start : s.end], public) for s in private_spans(text, self.detector)):
                return Outcome.FAILED
        return Outcome.PASSED


def check_placeholders(submission: Submission, proposal: Proposal, _: tuple[Passage, ...]) -> Outcome:
    """FAILED when the answer holds a placeholder that the request did not, or a damaged one."""
    asked = {p.name for text in prompt_leaves(submission.prompt) for p in find_placeholders(text) if p.intact}
    given = [p for text in leaves(proposal) for p in find_placeholders(text)]
    if not given:
        return Outcome.NOT_APPLICABLE if not asked else Outcome.PASSED
    return Outcome.PASSED if all(p.intact and p.name in asked for p in given) else Outcome.FAILED


def private_spans(text: str, detector: Detector | None) -> tuple[Span, ...]:
    """Proved or structured private text outside placeholders. Names a model merely suspects are not in it."""
    if detector is None:
        return ()
    return tuple(s for s in outside_placeholders(text, detector.structured(text)) if is_proof(s))


def is_proof(span: Span) -> bool:
    return span.valid or (span.label in STRUCTURED and span.score >= SURE)


def outside_placeholders(text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
    """The spans that touch no placeholder of `text` and are no address that standards give to nobody: pseudonyms are such."""
    taken = [(p.start, p.end) for p in find_placeholders(text)]
    return tuple(
        s
        for s in spans
        if not any(s.start < end and start < s.end for start, end in taken)
        and not reserved(s.label, text[s.start : s.end])
    )


def leaves(proposal: Proposal) -> tuple[str, ...]:
    """Every text of a proposal that reaches the device. Citations are checked against the documents instead."""
    calls = tuple(text for call in proposal.tool_calls for text in (call.name, call.arguments))
    return (proposal.text, *calls)


def prompt_leaves(prompt: Prompt) -> tuple[str, ...]:
    """Every text of a prompt."""
    return (
        *(m.content for m in prompt.messages),
        *(text for m in prompt.messages for c in m.tool_calls for text in (c.name, c.arguments)),
        *(text for t in prompt.tools for text in (t.name, t.description, t.parameters)),
        prompt.forced_tool,
        prompt.response_schema,
    )


def _committed(text: str, submission: Submission) -> tuple[tuple[int, int], ...]:
    return leaks(text, submission.commitment_salt, submission.commitments)


def _is_public(piece: str, public: str) -> bool:
    return squeezed(piece).casefold() in public
