"""Answers as OpenAI's JSON: whole completions and the chunks of a stream. Pure.

Every completion also has a `tidegate` object: source, state, why, confidence, ticket, citations, late answers. Clients that
do not know it ignore it. A held or queued request is a normal completion that says so in a sentence, without tool calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from edge.gateway.errors import rejection
from edge.gateway.flow import Flow
from edge.ports import Answer, Citation, HoldReason, LateAnswer, LateState, Source, State
from tidegate.chat import JSON, ToolCall, Usage
from tidegate.clock import rfc3339
from tidegate.engines.port import Finish, TokenScore
from tidegate.ids import RequestId

_PIECE = 48  # characters per chunk where the tokens of an answer are not known

_HOLDS = {
    HoldReason.POLICY: "the operator's policy asks for it",
    HoldReason.SUSPECT_INPUT: "the request looks unusual",
    HoldReason.FAILED_CHECK: "the answer did not pass every check",
    HoldReason.DEVICE_ASKED: "this device asked for it",
    HoldReason.NO_ANSWER: "no model could answer",
    HoldReason.UNSURE: "the cloud model is unsure of its answer",
}


@dataclass(frozen=True, slots=True)
class Page:
    """Everything one response is written from."""

    answers: tuple[tuple[RequestId, Answer], ...]  # one per choice
    created: int
    model: str
    late: tuple[LateAnswer, ...] = ()
    logprobs: bool = False
    parallel: bool = True
    usage_chunk: bool = False
    json_only: bool = False  # a response_format was asked for: no notice may stand before the JSON
    conversation: str = ""
    trace: str = ""
    stored: bool = False  # the memory has it
    previous: str = ""  # the response it goes on from
    thread: str = ""  # the conversation as the application named it
    agent: Mapping[str, JSON] | None = None  # what a run of the device's own tools came to
    flow: Flow | None = None  # the text of the first answer is still being written

    def settled(self) -> Page:
        """The page with its answers whole; a dialect asks for it when it has written the text."""
        return self if self.flow is None else self.flow.whole or self

    @property
    def id(self) -> str:
        return completion_id(self.answers[0][0])

    @property
    def usage(self) -> Usage:
        return Usage(
            sum(answer.usage.prompt_tokens for _, answer in self.answers),
            sum(answer.usage.completion_tokens for _, answer in self.answers),
        )

    @property
    def reused(self) -> int:
        """Tokens of these prompts that did not have to be read: an earlier request, or this one ahead, had them read."""
        return sum(
            int(answer.draft.features.get("reused_tokens", 0.0))
            for _, answer in self.answers
            if answer.draft is not None and answer.source is Source.DEVICE
        )


def completion_id(request: RequestId) -> str:
    """The same for every telling of one answer, so that an application can recognise it."""
    return "chatcmpl-" + request.removeprefix("req_")


def completion(page: Page) -> dict[str, JSON]:
    """The whole `chat.completion`."""
    return {
        "id": page.id,
        "object": "chat.completion",
        "created": page.created,
        "model": page.model,
        "choices": [_choice(page, index, answer) for index, (_, answer) in enumerate(page.answers)],
        "usage": usage(page.usage, page.reused),
        "system_fingerprint": fingerprint(page.answers[0][1]),
        "tidegate": extension(page),
    }


def chunks(page: Page) -> Iterator[bytes]:
    """The same as server-sent events: role, content, tool-call deltas, finish, usage when asked for, [DONE]."""
    for index in range(len(page.answers)):
        yield _event(page, _delta(index, {"role": "assistant", "content": ""}))
        said_late = notice(page) if index == 0 else ""
        if said_late:
            yield _event(page, _delta(index, {"content": said_late}))
        before, behind = _around_text(page, index)
        for text, scores in pieces(page, index):
            if page.logprobs and scores:
                yield _event(page, _delta(index, {"content": text}, logprobs=_logprobs(page, scores)))
            else:
                yield before + msgspec.json.encode(text) + behind
        page = page.settled()
        _, answer = page.answers[index]
        for call in _call_deltas(calls(page, answer)):
            yield _event(page, _delta(index, {"tool_calls": [call]}))
        last = _event_body(page, _delta(index, {}, ended=finish(page, answer)))
        if index == len(page.answers) - 1:
            last["tidegate"] = extension(page)
        yield _line(last)
    if page.usage_chunk:
        yield _line({**_event_body(page, None), "choices": [], "usage": usage(page.usage, page.reused)})
    yield b"data: [DONE]\n\n"


def usage(spent: Usage, reused: int = 0) -> dict[str, JSON]:
    total = spent.prompt_tokens + spent.completion_tokens
    return {
        "prompt_tokens": spent.prompt_tokens,
        "completion_tokens": spent.completion_tokens,
        "total_tokens": total,
        "prompt_tokens_details": {"cached_tokens": reused},
    }


def extension(page: Page) -> dict[str, JSON]:
    """The `tidegate` object of a completion."""
    answer = page.answers[0][1]
    found: dict[str, JSON] = {
        "source": answer.source,
        "state": answer.state,
        "why": answer.why,
        "confidence": answer.confidence,
        "ticket": answer.ticket,
        "conversation": page.conversation,
        "citations": citations(answer.citations),
    }
    if page.late:
        found["late"] = [late(one) for one in page.late]
    if page.agent is not None:
        found["agent"] = dict(page.agent)
    return found


def citations(found: tuple[Citation, ...]) -> list[JSON]:
    return [{"source": one.source, "section": one.section, "quote": one.quote} for one in found]


def late(answer: LateAnswer) -> dict[str, JSON]:
    """What a ticket is worth now; with the whole completion once there is one."""
    found: dict[str, JSON] = {
        "object": "tidegate.answer",
        "ticket": answer.ticket,
        "state": answer.state,
        "why": answer.why,
        "asked_at": rfc3339(answer.asked_at),
        "answered_at": rfc3339(answer.answered_at) if answer.answered_at else None,
        "reviewed": answer.reviewed,
        "conversation": answer.conversation,
        "trace": answer.trace,
        "message": late_sentence(answer),
        "completion": None,
    }
    if answer.state is LateState.ANSWERED:
        found["completion"] = _late_completion(answer)
    return found


def late_sentence(answer: LateAnswer) -> str:
    """For people: what became of it."""
    match answer.state:
        case LateState.WAITING:
            return "This request waits for the cloud; it is safe in the spool of this device."
        case LateState.HELD:
            return held_sentence(answer.hold)
        case LateState.ANSWERED:
            return "Answered, and released by a person." if answer.reviewed else "Answered."
        case LateState.REFUSED:
            return f"Not answered: {rejection(answer.reject)}." if answer.reject else "Not answered."
        case LateState.EXPIRED:
            return "Nobody answered this request within its life."
        case LateState.UNTRUSTED:
            return "An answer came, but its proof failed; it was not used."


def held_sentence(reason: HoldReason | None) -> str:
    because = f" ({_HOLDS[reason]})" if reason is not None else ""
    return f"This request is waiting for a person to decide{because}. The answer will follow in this conversation."


def said(answer: Answer) -> str:
    """The text of an answer; a sentence where there is none yet, or none at all."""
    match answer.state:
        case State.HELD:
            return held_sentence(answer.hold)
        case State.QUEUED:
            return (
                "The cloud cannot be reached now. This request is kept on this device and will be answered when the "
                "connection is back; the answer will follow in this conversation."
            )
        case State.DEGRADED if answer.source is Source.NOBODY:
            return "This device cannot answer that by itself, and the request may not leave it."
        case State.ANSWERED | State.DEGRADED | State.REFUSED:
            return answer.text


def fingerprint(answer: Answer) -> str:
    return f"tidegate-{answer.source}"


def _choice(page: Page, index: int, answer: Answer) -> dict[str, JSON]:
    proposed = calls(page, answer)
    text = (notice(page) if index == 0 else "") + said(answer)
    message: dict[str, JSON] = {
        "role": "assistant",
        "content": text or (None if proposed else ""),
        "refusal": None,
    }
    if proposed:
        message["tool_calls"] = [_call(call) for call in proposed]
    scores = answer.draft.tokens if answer.draft is not None and answer.source is Source.DEVICE else ()
    return {
        "index": index,
        "message": message,
        "logprobs": _logprobs(page, scores),
        "finish_reason": finish(page, answer),
    }


def _late_completion(answer: LateAnswer) -> dict[str, JSON]:
    message: dict[str, JSON] = {"role": "assistant", "content": answer.text, "refusal": None}
    if answer.tool_calls:
        message["tool_calls"] = [_call(call) for call in answer.tool_calls]
    ended = "tool_calls" if answer.tool_calls else "stop"
    return {
        "id": completion_id(answer.request_id),
        "object": "chat.completion",
        "created": int(answer.answered_at),
        "model": answer.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": ended}],
        "usage": usage(answer.usage),
        "system_fingerprint": "tidegate-cloud",
        "tidegate": {
            "source": "cloud",
            "state": "answered",
            "why": answer.why,
            "ticket": answer.ticket,
            "citations": citations(answer.citations),
        },
    }


def notice(page: Page) -> str:
    """Late answers in words, before the answer of this turn."""
    if page.json_only or not page.late:
        return ""
    return "".join(_told(one, page.created) + "\n\n" for one in page.late)


def _told(answer: LateAnswer, now: int) -> str:
    age = _age(now - answer.asked_at)
    if answer.state is LateState.ANSWERED:
        return f"[Late answer to your question of {age} ago] {answer.text}"
    return f"[About your question of {age} ago] {late_sentence(answer)}"


def _age(seconds: float) -> str:
    whole = max(int(seconds), 1)
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if whole >= size:
            count = whole // size
            return f"{count} {word}{'s' if count > 1 else ''}"
    return "1 second"


def calls(page: Page, answer: Answer) -> tuple[ToolCall, ...]:
    """The calls that are shown: none with an answer that is still to come, one when calls may not be parallel."""
    if answer.state not in (State.ANSWERED, State.DEGRADED):
        return ()
    return answer.tool_calls if page.parallel else answer.tool_calls[:1]


def _call(call: ToolCall) -> dict[str, JSON]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _call_deltas(proposed: tuple[ToolCall, ...]) -> Iterator[dict[str, JSON]]:
    for index, call in enumerate(proposed):
        head: dict[str, JSON] = {"name": call.name, "arguments": ""}
        yield {"index": index, "id": call.id, "type": "function", "function": head}
        for start in range(0, len(call.arguments), _PIECE):
            yield {"index": index, "function": {"arguments": call.arguments[start : start + _PIECE]}}


def finish(page: Page, answer: Answer) -> str:
    """tool_calls, length or stop."""
    if calls(page, answer):
        return "tool_calls"
    draft = answer.draft
    shown = draft is not None and answer.source is Source.DEVICE
    return "length" if shown and draft is not None and draft.finish is Finish.LENGTH else "stop"


def pieces(page: Page, index: int) -> Iterator[tuple[str, tuple[TokenScore, ...]]]:
    """The text of an answer as it streams: as it is heard while it is written, or token by token where the tokens spell
    the text, else in short pieces."""
    begun = 0
    if page.flow is not None and index == 0:
        for piece in page.flow.pieces():
            yield piece, ()
        begun = page.flow.told
    _, answer = page.settled().answers[index]
    text = said(answer)[begun:]
    tokens = answer.draft.tokens if answer.draft is not None and answer.source is Source.DEVICE else ()
    if text and "".join(token.text for token in tokens) == text:
        for token in tokens:
            yield token.text, (token,)
        return
    for start in range(0, len(text), _PIECE):
        yield text[start : start + _PIECE], ()


def _logprobs(page: Page, scores: tuple[TokenScore, ...]) -> dict[str, JSON] | None:
    if not page.logprobs or not scores:
        return None
    return {"content": [scored(score) for score in scores], "refusal": None}


def scored(score: TokenScore) -> dict[str, JSON]:
    """A token with its alternatives."""
    return {
        "token": score.text,
        "logprob": score.logprob,
        "bytes": list(score.text.encode("utf-8", "surrogatepass")),
        "top_logprobs": [
            {"token": text, "logprob": logprob, "bytes": list(text.encode("utf-8", "surrogatepass"))}
            for text, logprob in score.top
        ],
    }


def _delta(
    index: int, delta: dict[str, JSON], *, ended: str | None = None, logprobs: dict[str, JSON] | None = None
) -> dict[str, JSON]:
    return {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": ended}


def _event_body(page: Page, choice: dict[str, JSON] | None) -> dict[str, JSON]:
    body: dict[str, JSON] = {
        "id": page.id,
        "object": "chat.completion.chunk",
        "created": page.created,
        "model": page.model,
        "system_fingerprint": fingerprint(page.answers[0][1]),
        "choices": [choice] if choice is not None else [],
    }
    if page.usage_chunk:
        body["usage"] = None
    return body


def _event(page: Page, choice: dict[str, JSON]) -> bytes:
    return _line(_event_body(page, choice))


def _around_text(page: Page, index: int) -> tuple[bytes, bytes]:
    """What stands before and behind the text in every event of a choice that brings nothing but text: written once."""
    mark = "\x00"
    before, _, behind = _event(page, _delta(index, {"content": mark})).rpartition(msgspec.json.encode(mark))
    return before, behind


def _line(body: dict[str, JSON]) -> bytes:
    return b"data: " + msgspec.json.encode(body) + b"\n\n"
