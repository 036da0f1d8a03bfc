"""A page in Anthropic's words: a message of content blocks, the events of its stream, and errors. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import msgspec

from edge.gateway.dialect import event
from edge.gateway.errors import Problem
from edge.gateway.render import Page, calls, extension, finish, notice, pieces, said
from tidegate.chat import JSON, ToolCall

_STOPS = {"tool_calls": "tool_use", "length": "max_tokens", "stop": "end_turn"}
_PIECE = 48  # characters of a call's input per event
_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
}


def whole(page: Page) -> dict[str, JSON]:
    """The whole `message`."""
    _, answer = page.answers[0]
    text = notice(page) + said(answer)
    proposed = calls(page, answer)
    content: list[JSON] = [{"type": "text", "text": text}] if text or not proposed else []
    content += [_used(call, call.arguments) for call in proposed]
    return {
        **_head(page, content),
        "stop_reason": _STOPS[finish(page, answer)],
        "usage": _usage(page),
        "tidegate": extension(page),
    }


def events(page: Page) -> Iterator[bytes]:
    """message_start, then each block's start, deltas and stop, then message_delta and message_stop."""
    _, answer = page.answers[0]
    start = {**_head(page, []), "usage": {**_usage(page), "output_tokens": 0}}
    yield _event("message_start", message=start)
    index = 0
    if page.flow is not None or notice(page) + said(answer) or not calls(page, answer):
        yield _event("content_block_start", index=index, content_block={"type": "text", "text": ""})
        for text in itertools.chain((notice(page),), (text for text, _ in pieces(page, 0))):
            if text:
                yield _event("content_block_delta", index=index, delta={"type": "text_delta", "text": text})
        yield _event("content_block_stop", index=index)
        index += 1
    page = page.settled()
    _, answer = page.answers[0]
    for call in calls(page, answer):
        yield _event("content_block_start", index=index, content_block=_used(call, "{}"))
        for at in range(0, len(call.arguments), _PIECE):
            delta: dict[str, JSON] = {
                "type": "input_json_delta",
                "partial_json": call.arguments[at : at + _PIECE],
            }
            yield _event("content_block_delta", index=index, delta=delta)
        yield _event("content_block_stop", index=index)
        index += 1
    ended: dict[str, JSON] = {"stop_reason": _STOPS[finish(page, answer)], "stop_sequence": None}
    yield _event("message_delta", delta=ended, usage=_usage(page), tidegate=extension(page))
    yield _event("message_stop")


def error(found: Problem) -> dict[str, JSON]:
    """An error of ours in Anthropic's shape; our own code and the field it is about come along."""
    told = found.body["error"]
    inner: dict[str, JSON] = dict(told) if isinstance(told, dict) else {}
    kind = _KINDS.get(found.status, "api_error" if found.status >= 500 else "invalid_request_error")
    return {"type": "error", "error": {**inner, "type": kind}, "request_id": None}


def _head(page: Page, content: list[JSON]) -> dict[str, JSON]:
    return {
        "id": "msg_" + page.answers[0][0].removeprefix("req_"),
        "type": "message",
        "role": "assistant",
        "model": page.model,
        "content": content,
        "stop_reason": None,
        "stop_sequence": None,
    }


def _used(call: ToolCall, arguments: str) -> dict[str, JSON]:
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": _object(arguments)}


def _object(text: str) -> JSON:
    """A call's arguments as an object. A model may write something else: it is handed over under a name, not lost."""
    try:
        found: JSON = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        found = text
    return found if isinstance(found, dict) else {"arguments": found}


def _usage(page: Page) -> dict[str, JSON]:
    return {
        "input_tokens": page.usage.prompt_tokens,
        "output_tokens": page.usage.completion_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
    }


def _event(kind: str, **more: JSON) -> bytes:
    return event(kind, {"type": kind, **more})
