"""One request, from question to answer. Read this file first.

redact -> plan -> draft -> judge -> escalate -> restore, each called once with values. No step calls its caller.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from edge.drafting import INSTEAD, in_hand, reading_ahead, recorded
from edge.drafting import draft as write
from edge.facts import look
from edge.ports import (
    Answer,
    Delivery,
    Escalation,
    Held,
    House,
    Queued,
    RedactedPrompt,
    Rejected,
    Released,
    Request,
    Source,
    State,
)
from edge.promise.judgement import Judgement
from edge.promise.weigh import weigh
from edge.routing.plan import EscalateNow, Facts, Refuse, StayLocal, TryLocal, Why, plan
from tidegate.chat import ToolCall
from tidegate.engines.port import Draft, Finish
from tidegate.errors import Broken


async def answer(request: Request, house: House) -> Answer:
    """Answer on the device when we may and can; otherwise escalate, redacted. Raises what the ports say they raise."""
    async with reading_ahead(request, house):
        redacted, known = await look(request, house)
        found = await _settled(request, house, redacted, known)
    return replace(found, decided=recorded(known, found, house.policy.keep_at, request.economy))


async def _settled(request: Request, house: House, redacted: RedactedPrompt | None, known: Facts) -> Answer:
    """The plan, carried out."""
    drafted: tuple[Draft, Judgement] | None = None
    match plan(known):
        case Refuse(why):
            return Answer(State.REFUSED, Source.NOBODY, why, text="")
        case StayLocal(why):
            draft = await write(request, known, house, stays=why)
            return _kept(draft, why, weigh(request, draft, house))
        case TryLocal(ask):
            draft = await write(request, known, house)
            judged = weigh(request, draft, house, watched=not ask)
            drafted = (draft, judged)
            why = judge(draft, judged.signals.p_right, judged.keep_at)
            if why is Why.CONFIDENT:
                return _kept(draft, why, judged)
            if ask:
                return _unasked(draft, judged)
        case EscalateNow(why):
            pass
        case other:
            assert_never(other)
    if redacted is None:  # plan() never lets this through; mypy and a forged plan do not get past it either
        raise Broken(
            "the request could not be redacted, so it stays on the device", code="redaction_unavailable"
        )
    waiting = in_hand(request, drafted[0] if drafted is not None else None, why)
    delivery = await house.dispatch.send(escalation(request, redacted, why, house), waiting)
    if why in INSTEAD and isinstance(delivery, Queued):
        return await _instead(delivery, request, known, house)
    return _delivered(delivery, request, drafted, why, house)


def judge(draft: Draft, confidence: float, keep_at: float) -> Why:
    """Keep the draft (CONFIDENT), or the reason to escalate. Pure."""
    if draft.finish is Finish.PASS:
        return Why.PASSED
    if draft.finish is Finish.LENGTH:
        return Why.UNSURE if draft.features.get("given_up") else Why.INVALID_DRAFT
    return Why.CONFIDENT if confidence >= keep_at else Why.UNSURE


def escalation(request: Request, redacted: RedactedPrompt, why: Why, house: House) -> Escalation:
    return Escalation(
        request_id=request.request_id,
        revision=request.revision,
        conversation=request.conversation,
        trace=request.trace,
        why=why,
        prompt=redacted,
        tool_choice=request.prompt.tool_choice,
        max_tokens=request.prompt.max_tokens,
        policy_version=house.policy.version,
        deadline_ms=int(request.deadline_s * 1000),
        requires_review=request.ask_review or bool(frozenset(redacted.entities) & house.policy.review_labels),
    )


def _kept(draft: Draft, why: Why, judged: Judgement) -> Answer:
    """A local answer. One that had to stay but is unsure is honest about it; a "not for me" is nobody's answer."""
    if draft.finish is Finish.PASS:
        return Answer(State.DEGRADED, Source.NOBODY, why, "", confidence=0.0, usage=draft.usage, draft=draft)
    sure = judge(draft, judged.signals.p_right, judged.keep_at) is Why.CONFIDENT
    return Answer(
        state=State.ANSWERED if sure else State.DEGRADED,
        source=Source.DEVICE,
        why=why,
        text=draft.text,
        tool_calls=draft.tool_calls,
        confidence=judged.signals.p_right,
        usage=draft.usage,
        draft=draft,
        judged=judged,
    )


def _unasked(draft: Draft, judged: Judgement) -> Answer:
    """The draft is not good enough, and nobody has agreed to ask the cloud."""
    confidence = judged.signals.p_right
    return Answer(
        State.REFUSED,
        Source.NOBODY,
        Why.CONSENT_NEEDED,
        "",
        confidence=confidence,
        usage=draft.usage,
        judged=judged,
    )


async def _instead(queued: Queued, request: Request, known: Facts, house: House) -> Answer:
    """The cloud was to be asked first and is away: the device's own answer, which says so, and the ticket of the other."""
    draft = await write(request, known, house)
    if draft.finish not in (Finish.STOP, Finish.TOOL_CALLS):
        return _queued(ticket=queued, draft=draft, confidence=0.0, why=Why.LINK_DOWN)
    return replace(_kept(draft, Why.LINK_DOWN, weigh(request, draft, house)), ticket=queued.ticket)


def _delivered(
    delivery: Delivery, request: Request, drafted: tuple[Draft, Judgement] | None, why: Why, house: House
) -> Answer:
    draft, judged = drafted or (None, None)
    confidence = judged.signals.p_right if judged is not None else None
    return replace(_brought(delivery, request, draft, confidence, why, house), judged=judged)


def _brought(
    delivery: Delivery,
    request: Request,
    draft: Draft | None,
    confidence: float | None,
    why: Why,
    house: House,
) -> Answer:
    match delivery:
        case Released():
            return _restored(delivery, request, confidence, why, house)
        case Held(ticket, reason):
            return Answer(
                State.HELD, Source.NOBODY, why, "", confidence=confidence, ticket=ticket, hold=reason
            )
        case Queued(ticket):
            return _queued(ticket=Queued(ticket), draft=draft, confidence=confidence, why=why)
        case Rejected(reason):
            return Answer(State.REFUSED, Source.CLOUD, why, "", confidence=confidence, reject=reason)
        case other:
            assert_never(other)


def _queued(*, ticket: Queued, draft: Draft | None, confidence: float | None, why: Why) -> Answer:
    """The cloud is away: the best the device has, marked degraded, with the ticket of the answer to come."""
    usable = draft is not None and draft.finish in (Finish.STOP, Finish.TOOL_CALLS)
    return Answer(
        state=State.DEGRADED if usable else State.QUEUED,
        source=Source.DEVICE if usable else Source.NOBODY,
        why=why,
        text=draft.text if draft is not None and usable else "",
        tool_calls=draft.tool_calls if draft is not None and usable else (),
        confidence=confidence,
        ticket=ticket.ticket,
        draft=draft,
    )


def _restored(reply: Released, request: Request, confidence: float | None, why: Why, house: House) -> Answer:
    def back(text: str) -> str:
        return house.screen.restore(request.conversation, text)

    def call_back(call: ToolCall) -> ToolCall:
        arguments = house.screen.restore_json(request.conversation, call.arguments)
        return ToolCall(call.id, back(call.name), arguments)

    return Answer(
        state=State.ANSWERED,
        source=Source.CLOUD,
        why=why,
        text=back(reply.text),
        tool_calls=tuple(map(call_back, reply.tool_calls)),
        confidence=confidence,
        citations=reply.citations,
        model=reply.model,
        usage=reply.usage,
        reviewed=reply.reviewed,
    )
