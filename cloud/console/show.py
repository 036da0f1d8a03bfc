"""What pages show, as values: cases, chips and marked text. Pure; the templates only lay out."""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import Markup, escape

from cloud.answer.approval import asks_approval
from cloud.ports import Check, HoldReason, Outcome, Proposal, Verdict, WhyEscalated
from cloud.review.machine import Decision, Phase, Refusal
from cloud.review.ports import HeldCase
from tidegate.chat import Role
from tidegate.clock import rfc3339
from tidegate.ids import OperatorId
from tidegate.privacy.placeholders import find_placeholders

REASONS = {
    HoldReason.POLICY: "policy asks for a person",
    HoldReason.SUSPECT_INPUT: "the request looks suspicious",
    HoldReason.FAILED_CHECK: "a check failed",
    HoldReason.DEVICE_ASKED: "the device asked for a person",
    HoldReason.NO_ANSWER: "nobody had an answer",
    HoldReason.UNSURE: "the model is unsure of its answer",
}
REFUSALS = {
    Refusal.TAKEN: "Another operator is working on this case.",
    Refusal.STALE: "Your claim ran out. Look again and decide once more.",
    Refusal.DECIDED: "This case was decided already, or its device has taken it back.",
    Refusal.NOTHING_TO_APPROVE: "There is no answer to approve. Write one, or reject the case.",
    Refusal.NOT_DECIDED: "This case is not decided yet.",
    Refusal.NOT_DUE: "This case is not due yet.",
}
CHECKS = {
    Check.SCHEMA: ("schema", "The answer has the asked form."),
    Check.LEAKS: ("leaks", "No private value stands in the answer."),
    Check.GROUNDING: ("grounding", "What it says stands in the documents."),
    Check.PLACEHOLDERS: ("placeholders", "It uses only the placeholders of the request."),
    Check.POLICY: ("policy", "Policy allows this answer to leave."),
}
WHYS = {
    WhyEscalated.UNSURE: "the device was unsure",
    WhyEscalated.PASSED: "not for the device's model",
    WhyEscalated.POLICY_MUST_GO: "the device's policy",
    WhyEscalated.TOO_LONG: "too long for the device",
    WhyEscalated.NO_LOCAL_MODEL: "no model on the device",
    WhyEscalated.INVALID_DRAFT: "the device's draft was invalid",
    WhyEscalated.NO_TOOLS: "no tools to call",
    WhyEscalated.PREFERRED: "the device asks the cloud first",
    WhyEscalated.AUDIT: "a check of the device's own answer",
    WhyEscalated.APPROVAL: "its agent asks before it acts",
}
DECISIONS = {Decision.APPROVE: "approved", Decision.EDIT: "edited", Decision.REJECT: "rejected"}
_MARKS = {Outcome.PASSED: "✓", Outcome.FAILED: "✕", Outcome.NOT_APPLICABLE: "–"}


@dataclass(frozen=True, slots=True)
class Chip:
    """One check of a verdict."""

    name: str
    mark: str
    state: str
    about: str


@dataclass(frozen=True, slots=True)
class Turn:
    role: str
    body: Markup = field(repr=False)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a list of cases."""

    case: str
    teaser: Markup = field(repr=False)
    reason: str
    why: str
    age: str
    at: str
    device: str
    phase: str
    operator: str
    decision: str
    note: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything about one case."""

    row: Row
    trace: str
    ticket: str
    why_escalated: str
    turns: tuple[Turn, ...] = field(repr=False)
    entities: tuple[tuple[str, int], ...]
    proposal: Markup | None = field(repr=False)
    plain: str = field(repr=False)
    calls: tuple[tuple[str, Markup], ...] = field(repr=False)
    citations: tuple[tuple[str, str, str], ...] = field(repr=False)
    model: str
    chips: tuple[Chip, ...]
    open: bool
    mine: bool
    held_by: str
    token: int
    final: Markup | None = field(repr=False)
    asks: bool = False  # a device's agent asks whether it may carry this very call out


def marked(text: str) -> Markup:
    """Escaped text with each placeholder in a `<mark>`, damaged ones struck."""
    out = Markup()
    at = 0
    for found in find_placeholders(text):
        out += escape(text[at : found.start])
        kind = "ph" if found.intact else "ph damaged"
        label = found.kind.replace("_", " ").lower()
        out += Markup('<mark class="{}" title="{}">{}</mark>').format(
            kind, label, text[found.start : found.end]
        )
        at = found.end
    return out + escape(text[at:])


def age(seconds: float) -> str:
    """`12 s`, `4 min`, `3 h`, `2 d`: one unit, rounded down."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


def chips(verdict: Verdict | None) -> tuple[Chip, ...]:
    """All checks in order; without a verdict all are unknown."""
    results = {r.check: r.outcome for r in verdict.results} if verdict is not None else {}
    return tuple(
        Chip(
            name,
            _MARKS.get(results[check], "?") if check in results else "?",
            _state(results.get(check)),
            about,
        )
        for check, (name, about) in CHECKS.items()
    )


def _state(outcome: Outcome | None) -> str:
    return "unknown" if outcome is None else outcome.value


def row(held: HeldCase, now: float) -> Row:
    question = held.submission.prompt.last_user()
    teaser = question if len(question) <= 160 else question[:159] + "…"
    waiting = held.review.phase in (Phase.OPEN, Phase.CLAIMED)
    moment = held.opened_at if waiting else held.review.decided_at
    return Row(
        case=held.case,
        teaser=marked(teaser),
        reason=REASONS[held.reason],
        why=held.reason.value,
        age=age(now - moment),
        at=rfc3339(moment),
        device=held.submission.device,
        phase=held.review.phase.value,
        operator=held.review.operator if held.review.phase not in (Phase.EXPIRED, Phase.WITHDRAWN) else "",
        decision=DECISIONS[held.decision] if held.decision is not None else held.review.phase.value,
        note=held.note,
    )


def detail(held: HeldCase, viewer: OperatorId, now: float) -> Detail:
    review, proposal = held.review, held.proposal
    leased = review.phase is Phase.CLAIMED and now < review.lease_until
    return Detail(
        row=row(held, now),
        trace=held.submission.trace,
        ticket=held.ticket,
        why_escalated=WHYS[held.submission.why],
        turns=tuple(
            Turn(m.role.value, marked(m.content))
            for m in held.submission.prompt.messages
            if m.content and m.role is not Role.SYSTEM
        ),
        entities=held.submission.entities,
        proposal=_body(proposal),
        plain=proposal.text if proposal is not None else "",
        calls=tuple((c.name, marked(c.arguments)) for c in proposal.tool_calls)
        if proposal is not None
        else (),
        citations=_citations(held.final or proposal),
        model=proposal.model if proposal is not None else "",
        chips=chips(held.verdict),
        open=review.phase in (Phase.OPEN, Phase.CLAIMED),
        mine=leased and review.operator == viewer,
        held_by=review.operator if leased and review.operator != viewer else "",
        token=review.token,
        final=_body(held.final),
        asks=asks_approval(held.submission),
    )


def _body(proposal: Proposal | None) -> Markup | None:
    return None if proposal is None or not proposal.text else marked(proposal.text)


def _citations(proposal: Proposal | None) -> tuple[tuple[str, str, str], ...]:
    if proposal is None:
        return ()
    return tuple((c.source, c.section, c.quote) for c in proposal.citations)
