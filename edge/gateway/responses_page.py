"""A page in the words of OpenAI's Responses: a response of items, and the events of its stream. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from edge.gateway.dialect import event
from edge.gateway.render import Page, calls, extension, finish, notice, pieces, said, scored
from edge.ports import Source
from tidegate.chat import JSON, Prompt, ToolCall, ToolChoice
from tidegate.engines.port import TokenScore

_PIECE = 48  # characters of a call's arguments per event


@dataclass(frozen=True, slots=True)
class Echo:
    """What a response repeats of its request."""

    prompt: Prompt = field(repr=False)
    instructions: str | None = field(default=None, repr=False)
    max_output_tokens: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False)
    kind: str = "text"
    schema_name: str = field(default="", repr=False)


def whole(echo: Echo, page: Page) -> dict[str, JSON]:
    """The whole `response`."""
    _, answer = page.answers[0]
    text = notice(page) + said(answer)
    proposed = calls(page, answer)
    output: list[JSON] = [_message(page, text, _scores(page))] if text or not proposed else []
    output += [_call(page, at, call, call.arguments) for at, call in enumerate(proposed)]
    return _response(echo, page, output)


def events(echo: Echo, page: Page) -> Iterator[bytes]:
    """The same item by item, each event numbered; the last one carries the whole response."""
    for number, (kind, body) in enumerate(_events(echo, page)):
        yield event(kind, {"type": kind, "sequence_number": number, **body})


def _events(echo: Echo, page: Page) -> Iterator[tuple[str, dict[str, JSON]]]:
    _, answer = page.answers[0]
    begun = _response(echo, page, None)
    yield "response.created", {"response": begun}
    yield "response.in_progress", {"response": begun}
    at = 0
    if page.flow is not None or notice(page) + said(answer) or not calls(page, answer):
        yield from _text_events(page)
        at = 1
    page = page.settled()
    _, answer = page.answers[0]
    for index, call in enumerate(calls(page, answer)):
        yield from _call_events(page, index, call, at + index)
    done = whole(echo, page)
    yield f"response.{done['status']}", {"response": done}


def _text_events(page: Page) -> Iterator[tuple[str, dict[str, JSON]]]:
    place: dict[str, JSON] = {"item_id": _id("msg", page), "output_index": 0, "content_index": 0}
    begun: dict[str, JSON] = {**_message(page, "", ()), "status": "in_progress", "content": []}
    yield "response.output_item.added", {"output_index": 0, "item": begun}
    yield "response.content_part.added", {**place, "part": _part("", ())}
    told = notice(page)
    if told:
        yield "response.output_text.delta", {**place, "delta": told, "logprobs": []}
    for piece, scores in pieces(page, 0):
        shown: list[JSON] = [scored(score) for score in scores] if page.logprobs else []
        yield "response.output_text.delta", {**place, "delta": piece, "logprobs": shown}
    page = page.settled()
    _, answer = page.answers[0]
    text = notice(page) + said(answer)
    item, part = _message(page, text, _scores(page)), _part(text, _scores(page))
    yield "response.output_text.done", {**place, "text": text, "logprobs": part["logprobs"]}
    yield "response.content_part.done", {**place, "part": part}
    yield "response.output_item.done", {"output_index": 0, "item": item}


def _call_events(page: Page, at: int, call: ToolCall, place: int) -> Iterator[tuple[str, dict[str, JSON]]]:
    begun: dict[str, JSON] = {**_call(page, at, call, ""), "status": "in_progress"}
    where: dict[str, JSON] = {"item_id": begun["id"], "output_index": place}
    yield "response.output_item.added", {"output_index": place, "item": begun}
    for start in range(0, len(call.arguments), _PIECE):
        piece = call.arguments[start : start + _PIECE]
        yield "response.function_call_arguments.delta", {**where, "delta": piece}
    yield (
        "response.function_call_arguments.done",
        {**where, "name": call.name, "arguments": call.arguments},
    )
    yield (
        "response.output_item.done",
        {"output_index": place, "item": _call(page, at, call, call.arguments)},
    )


def _response(echo: Echo, page: Page, output: list[JSON] | None) -> dict[str, JSON]:
    """The response with its items; without them, as it stands when the stream begins."""
    prompt = echo.prompt
    cut = output is not None and finish(page, page.answers[0][1]) == "length"
    ended = "incomplete" if cut else "completed"
    found: dict[str, JSON] = {
        "id": _id("resp", page),
        "object": "response",
        "created_at": page.created,
        "status": "in_progress" if output is None else ended,
        "background": False,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "instructions": echo.instructions,
        "max_output_tokens": echo.max_output_tokens,
        "metadata": dict(echo.metadata),
        "model": page.model,
        "output": output or [],
        "parallel_tool_calls": page.parallel,
        "previous_response_id": page.previous or None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": page.stored,
        "temperature": prompt.temperature,
        "text": {"format": _format(echo)},
        "conversation": {"id": page.thread} if page.thread else None,
        "tool_choice": _choice(prompt),
        "tools": [_tool(one.name, one.description, one.parameters) for one in prompt.tools],
        "top_logprobs": prompt.top_logprobs,
        "top_p": prompt.top_p,
        "truncation": "disabled",
        "usage": None if output is None else _usage(page),
    }
    if output is not None:
        found["tidegate"] = extension(page)
    return found


def _format(echo: Echo) -> dict[str, JSON]:
    found: dict[str, JSON] = {"type": echo.kind}
    if echo.kind == "json_schema":
        schema: JSON = msgspec.json.decode(echo.prompt.response_schema)
        found |= {"name": echo.schema_name, "schema": schema}
    return found


def _choice(prompt: Prompt) -> JSON:
    if prompt.forced_tool:
        return {"type": "function", "name": prompt.forced_tool}
    return str(prompt.tool_choice or ToolChoice.AUTO)


def _tool(name: str, description: str, parameters: str) -> dict[str, JSON]:
    schema: JSON = msgspec.json.decode(parameters)
    return {
        "type": "function",
        "name": name,
        "description": description or None,
        "parameters": schema,
        "strict": False,
    }


def _message(page: Page, text: str, scores: tuple[TokenScore, ...]) -> dict[str, JSON]:
    return {
        "type": "message",
        "id": _id("msg", page),
        "status": "completed",
        "role": "assistant",
        "content": [_part(text, scores)],
    }


def _part(text: str, scores: tuple[TokenScore, ...]) -> dict[str, JSON]:
    logprobs: list[JSON] = [scored(score) for score in scores]
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": logprobs}


def _call(page: Page, at: int, call: ToolCall, arguments: str) -> dict[str, JSON]:
    return {
        "type": "function_call",
        "id": f"{_id('fc', page)}_{at}",
        "call_id": call.id,
        "name": call.name,
        "arguments": arguments,
        "status": "completed",
    }


def _scores(page: Page) -> tuple[TokenScore, ...]:
    """Those of the device's own answer, when they were asked for."""
    _, answer = page.answers[0]
    if not page.logprobs or answer.draft is None or answer.source is not Source.DEVICE:
        return ()
    return answer.draft.tokens


def _usage(page: Page) -> dict[str, JSON]:
    spent = page.usage
    return {
        "input_tokens": spent.prompt_tokens,
        "input_tokens_details": {"cached_tokens": page.reused},
        "output_tokens": spent.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": spent.prompt_tokens + spent.completion_tokens,
    }


def _id(kind: str, page: Page) -> str:
    return f"{kind}_" + page.answers[0][0].removeprefix("req_")
