"""What happens to one chat request at the door: understood, answered by a turn, written down, handed over once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from edge import conversation, turn
from edge.config import Door as DoorSettings
from edge.consents import Consents
from edge.device_key import DeviceKey
from edge.economy import told as left_out
from edge.foresight import Stands, unpromised
from edge.gateway.embeddings import MODEL as EMBEDDING
from edge.gateway.flow import Flow
from edge.gateway.limits import Gate, Shares
from edge.gateway.render import Page
from edge.gateway.schema import ChatCall
from edge.memory.desk import Memory, Recalled, recall
from edge.metrics import Metrics
from edge.ports import Answer, Escalation, House, Late, Request, Source, State
from edge.promise.desk import Desk as PromiseDesk
from edge.routing import record
from edge.routing.mode import Mode
from edge.routing.plan import Why
from edge.shortening import economised
from edge.store.journal import JournalStore, Line
from tidegate.chat import Usage
from tidegate.clock import Clock
from tidegate.errors import BadRequest, Exhausted, TidegateError
from tidegate.failpoint import failpoint
from tidegate.ids import ConsentId, RequestId, new_request_id, new_trace_id
from tidegate.logs import Log
from tidegate.telemetry import Traceparent, Tracer

AUTO = "tidegate"  # the model name that lets Tidegate decide
LOCAL = "tidegate-local"  # the model name that never leaves the device


@dataclass(frozen=True, slots=True)
class Caller:
    """Who knocks, and what the headers ask for."""

    application: str
    named: str = field(default="", repr=False)  # x-tidegate-conversation
    idempotency: str = field(default="", repr=False)
    keep_local: bool = False
    wish: Mode | None = None  # x-tidegate-mode
    ask_review: bool = False
    consented: bool = False
    within_s: float | None = (
        None  # x-tidegate-deadline: it would rather have less by then; never more than the settings'
    )
    agrees: ConsentId | None = None  # to the request that waits under this id
    trace: Traceparent | None = None


@dataclass(frozen=True, slots=True)
class Door:
    """Everything the door uses, chosen in edge.app."""

    house: Callable[[], House]
    late: Late
    journal: JournalStore
    metrics: Metrics
    tracer: Tracer
    clock: Clock
    settings: DoorSettings
    gate: Gate
    shares: Shares
    local_name: Callable[[], str]
    encode: Callable[[Escalation], bytes] | None
    key: DeviceKey = field(repr=False)
    keep_text: bool = False
    consents: Consents | None = None
    promise: PromiseDesk | None = None
    memory: Memory | None = None
    # What redaction does without: patterns-only, unavailable, or nothing.
    lessened: Callable[[], str] = lambda: ""
    log: Log = field(default_factory=lambda: Log("edge.door"))

    def models(self) -> tuple[str, ...]:
        """The names a request may ask for."""
        own = self.local_name()
        return (AUTO, LOCAL, *((own,) if own and own not in (AUTO, LOCAL) else ()))

    def stands(self, application: str) -> Stands:
        """How the promises of an application's requests stand."""
        return unpromised if self.promise is None else partial(self.promise.keeper.stand, application)


async def answer(door: Door, call: ChatCall, caller: Caller, flow: Flow | None = None) -> tuple[Page, Answer]:
    """The page for a call, journalled. Raises what a turn raises; nothing is handed over yet (see `hand_over`).

    `flow` is told the text of the first choice while it is written, when that answer stays here whatever it becomes.
    """
    if caller.agrees is not None and door.consents is not None:
        door.consents.decide(caller.agrees, agree=True, application=caller.application)
    known = await recall(door.memory, understand(door, call, caller), call.thread, named=bool(caller.named))
    failpoint("edge.door.received")
    with door.tracer.span("edge.request", parent=caller.trace) as span:
        placed = [replace(request, trace=span.at.trace) for request in known.requests]
        if flow is not None:
            flow.opened = lambda why: _page(door, call, known, placed, [_begun(door, r, why) for r in placed])
            placed[0] = replace(placed[0], hear=flow.hear)
        answers = await _answers(door, placed)
        span.set(source=answers[0].source, state=answers[0].state, why=answers[0].why)
    failpoint("edge.answer.restored")
    stored = door.memory is not None and door.memory.keep(known, answers[0])
    if flow is not None and flow.head is not None:
        answers[0] = _without_scores(answers[0])
    return _page(door, call, known, placed, answers, stored=stored), answers[0]


def _without_scores(told: Answer) -> Answer:
    """An answer whose text was told while it was written: nobody asks for its tokens any more, and they are most of it."""
    return told if told.draft is None else replace(told, draft=replace(told.draft, tokens=()))


def _page(
    door: Door,
    call: ChatCall,
    known: Recalled,
    placed: Sequence[Request],
    answers: Sequence[Answer],
    *,
    stored: bool = False,
) -> Page:
    return Page(
        answers=tuple(zip((request.request_id for request in placed), answers, strict=True)),
        created=int(door.clock.now()),
        model=answers[0].model or door.local_name() or call.model,
        late=door.late.due(placed[0], named=known.named),
        logprobs=call.logprobs,
        parallel=call.parallel,
        usage_chunk=call.include_usage,
        json_only=bool(call.prompt.response_schema),
        conversation=placed[0].conversation,
        trace=placed[0].trace,
        stored=stored,
        previous=known.previous,
        thread=call.thread.named,
    )


def _begun(door: Door, request: Request, why: Why) -> Answer:
    """An answer of this device while it is being written."""
    usage = Usage(door.house().local.count_tokens(request.prompt), 0)
    return Answer(State.ANSWERED, Source.DEVICE, why, "", usage=usage)


async def single(door: Door, request: Request) -> Answer:
    """One request without a page, as a step of an agent is: the turn, journalled and counted like any other."""
    return await _one(door, request)


def hand_over(door: Door, page: Page) -> Page:
    """Claims what the page tells, right before its first byte: what another response told first is left out."""
    for request_id, _ in page.answers:
        door.late.claim_request(request_id)
    won = tuple(one for one in page.late if door.late.claim(one.ticket))
    door.metrics.told_late(len(won))
    failpoint("edge.door.claimed")
    return replace(page, late=won)


def understand(door: Door, call: ChatCall, caller: Caller) -> tuple[Request, ...]:
    """One request per choice. Raises BadRequest for a model that is not here (404)."""
    if call.model not in door.models():
        raise BadRequest(
            "this model makes vectors: it answers at POST /v1/embeddings"
            if call.model == EMBEDDING
            else "there is no model of that name here; GET /v1/models lists them",
            code="model_not_found",
            param="model",
            status=404,
        )
    prompts = [
        replace(prompt, seed=prompt.seed + index)
        for prompt in (call.prompt, *call.more)
        for index in range(call.choices)
    ]
    within_s = min(door.settings.deadline_s, caller.within_s or door.settings.deadline_s)
    return tuple(
        Request(
            prompt=prompt,
            request_id=_request_id(door, caller, at),
            conversation=conversation.identify(door.key, caller.application, caller.named, prompt),
            trace=caller.trace.trace if caller.trace else new_trace_id(),
            application=caller.application,
            deadline_s=within_s,
            due=door.clock.mono() + within_s,
            hurried=caller.within_s is not None,
            keep_local=caller.keep_local or call.model == LOCAL,
            wish=caller.wish,
            ask_review=caller.ask_review,
            consented=caller.consented,
        )
        for at, prompt in enumerate(prompts)
    )


def _request_id(door: Door, caller: Caller, index: int) -> RequestId:
    if caller.idempotency:
        return conversation.repeatable_id(door.key, caller.application, caller.idempotency, index)
    return new_request_id()


async def _answers(door: Door, requests: list[Request]) -> list[Answer]:
    if len(requests) == 1:
        return [await _one(door, requests[0])]
    tasks = [asyncio.ensure_future(_one(door, request)) for request in requests]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()


async def _one(door: Door, request: Request) -> Answer:
    began = door.clock.mono()
    request = await economised(request, door.house())
    try:
        found = await _turn(door, request)
    except TidegateError:
        door.late.claim_request(request.request_id)  # the error is its answer
        raise
    seconds = door.clock.mono() - began
    door.metrics.answered(found, seconds)
    door.log.info(
        "answered",
        request=request.request_id,
        conversation=request.conversation,
        trace=request.trace,
        source=found.source,
        state=found.state,
        why=found.why,
        confidence=found.confidence,
        duration_ms=seconds * 1000,
        ticket=found.ticket,
    )
    _journal(door, request, found, seconds)
    if door.promise is not None:
        door.promise.after(request, found)
    return found


async def _turn(door: Door, request: Request) -> Answer:
    """The turn, with what somebody has agreed to; where nobody has, with the place where they may."""
    house, desk = door.house(), door.consents
    if desk is None:
        return await turn.answer(request, house)
    placed = replace(request, consented=request.consented or desk.agreed(request))
    found = await turn.answer(placed, house)
    if found.state is State.REFUSED and found.why is Why.CONSENT_NEEDED:
        return replace(found, consent=await desk.ask(placed, house, found.confidence))
    return found


def _journal(door: Door, request: Request, found: Answer, seconds: float) -> None:
    """A full disk costs the journal line, not the answer."""
    line = Line(
        request_id=request.request_id,
        at=door.clock.now(),
        application=request.application,
        conversation=request.conversation,
        trace=request.trace,
        state=found.state,
        source=found.source,
        why=found.why,
        confidence=found.confidence,
        latency_ms=seconds * 1000,
        model=found.model or door.local_name(),
        ticket=found.ticket,
        prompt_tokens=found.usage.prompt_tokens,
        completion_tokens=found.usage.completion_tokens,
        question=request.prompt.last_user() if door.keep_text else "",
        reply=found.text if door.keep_text else "",
        decision=record.text(found.decided) if found.decided is not None else "",
    )
    try:
        door.journal.write(line)
    except Exhausted as error:
        door.log.error("journal_line_lost", error, request=request.request_id)


def headers(page: Page, found: Answer, lessened: str = "") -> dict[str, str]:
    """The `x-tidegate-*` headers of a response. `lessened`: what redaction does without."""
    given = {
        "x-tidegate-source": str(found.source),
        "x-tidegate-state": str(found.state),
        "x-tidegate-decision": str(found.why),
        "x-tidegate-conversation": str(page.conversation),
        "x-tidegate-trace": str(page.trace),
        "x-request-id": str(page.answers[0][0]),
    }
    if found.confidence is not None:
        given["x-tidegate-confidence"] = f"{found.confidence:.4f}"
    if found.decided is not None:
        given["x-tidegate-reasons"] = ",".join(found.decided.reasons)
    if found.decided is not None and found.decided.economy is not None:
        given["x-tidegate-left-out"] = left_out(found.decided.economy)
    if found.ticket is not None:
        given["x-tidegate-ticket"] = found.ticket
    if lessened:
        given["x-tidegate-redaction"] = lessened
    return given


def headers_of_device(caller: Caller) -> dict[str, str]:
    """The headers of what this device alone answers, without a turn."""
    return {
        "x-tidegate-source": str(Source.DEVICE),
        "x-tidegate-state": str(State.ANSWERED),
        "x-tidegate-decision": str(Why.LOCAL_ONLY),
        "x-tidegate-trace": str(caller.trace.trace if caller.trace else new_trace_id()),
        "x-request-id": str(new_request_id()),
    }
