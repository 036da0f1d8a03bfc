"""GET /openapi.json: the door for programs, built from the bodies' types and the tables of what becomes of each field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from edge.gateway.agent_rooms import ApproveBody, RunBody
from edge.gateway.compat import ENDPOINTS, Endpoint
from edge.gateway.completions import CompletionBody
from edge.gateway.consents import ConsentWord
from edge.gateway.embeddings import EmbeddingBody
from edge.gateway.feedback import FeedbackWord
from edge.gateway.messages import CountBody
from edge.gateway.responses import InputTokensBody, ResponseBody
from edge.gateway.schema import ChatBody
from tidegate import __version__
from tidegate.chat import JSON

_ANTHROPIC = "/v1/messages"
_REF = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Plain:
    """A route without a table of fields."""

    path: str
    about: str
    schema: str = "Thing"
    statuses: tuple[int, ...] = (200, 401, 421, 429)
    method: str = "get"
    query: tuple[str, ...] = ()
    free: bool = False  # without a key
    body: type[msgspec.Struct] | None = None
    also: tuple[type[msgspec.Struct], ...] = ()  # bodies of other endpoints that it takes as well
    media: str = "application/json"
    events: bool = False  # it answers with server-sent events too
    error: str = "Error"


_ASKING = (200, 400, 401, 403, 404, 408, 409, 413, 415, 421, 422, 429, 499, 500, 502, 503)
_GENERATES = (ResponseBody, CompletionBody)  # and Anthropic's, which looks like ChatBody, with its header

PLAIN = (
    Plain("/v1/messages/count_tokens", "Anthropic's count of what a message would cost, before it is asked.", "Counted", _ASKING, method="post", body=CountBody, error="AnthropicError"),
    Plain("/v1/models", "The models that answer here, the chat models first.", "Models"),
    Plain("/v1/models/{name}", "One of them.", "Model", (200, 401, 404, 421)),
    Plain("/v1/tidegate/plan", "Where a request would be answered, without generating; the body of any endpoint that generates.", statuses=_ASKING, method="post", body=ChatBody, also=_GENERATES),
    Plain("/v1/tidegate/preview", "The exact bytes that would leave; the body of any endpoint that generates.", statuses=_ASKING, method="post", body=ChatBody, also=_GENERATES),
    Plain("/v1/tidegate/answers", "Tickets that were not handed over yet.", "Listed"),
    Plain("/v1/tidegate/answers/{ticket}", "What a ticket is worth now; `wait` seconds for it to become final.", "Thing", (200, 400, 401, 404, 421), query=("wait",)),
    Plain("/v1/tidegate/status", "What is loaded, what was decided and what left today; an application sees its own decisions.", statuses=(200, 401, 421)),
    Plain("/v1/tidegate/status/link", "A path that opens the owner's status page once; for the owner alone.", statuses=(200, 401, 421), method="post"),
    Plain("/v1/tidegate/consents", "Requests that leave only when somebody agrees, with what would leave.", "Listed"),
    Plain("/v1/tidegate/consents/{consent}", "One of them; `wait` seconds for somebody's word.", "Thing", (200, 400, 401, 404, 421), query=("wait",)),
    Plain("/v1/tidegate/consents/{consent}", "The word about it.", "Thing", (200, 400, 401, 404, 408, 413, 415, 421), method="post", body=ConsentWord),
    Plain("/v1/tidegate/feedback", "Whether an answer of this device was right.", "Thing", (200, 400, 401, 404, 408, 413, 415, 421), method="post", body=FeedbackWord),
    Plain("/v1/responses/{id}", "A response that this device remembers.", "Thing", (200, 401, 404, 421)),
    Plain("/v1/responses/{id}", "Forgets it.", "Thing", (200, 401, 404, 421), method="delete"),
    Plain("/v1/responses/{id}/input_items", "What it was asked, item by item: `after`, `limit` (1 to 100) and `order` (asc, desc) in the query.", "Listed", (200, 400, 401, 404, 421)),
    Plain("/v1/responses/{id}/cancel", "Only for responses in the background; here there are none.", "Thing", (200, 400, 401, 404, 421), method="post"),
    Plain("/v1/responses/input_tokens", "What a response would read, in tokens, before it is asked.", "Counted", _ASKING, method="post", body=InputTokensBody),
    Plain("/v1/tidegate/conversations", "The application's conversations that this device remembers.", "Listed", (200, 401, 421)),
    Plain("/v1/tidegate/conversations/{id}", "One of them, with everything that was said.", "Thing", (200, 401, 404, 421)),
    Plain("/v1/tidegate/conversations/{id}", "Deletes it, and forgets its placeholders.", "Thing", (200, 401, 404, 421), method="delete"),
    Plain("/v1/tidegate/agent/runs", "Starts a run of the agent: a model proposes calls, rules decide, tools act.", statuses=(200, 400, 401, 404, 408, 413, 415, 421, 429, 499, 503), method="post", body=RunBody, events=True),
    Plain("/v1/tidegate/agent/runs", "The newest runs of the application, newest first.", "Listed", (200, 401, 421)),
    Plain("/v1/tidegate/agent/runs/{run}", "One of them with its whole story; `wait` seconds for it to end or to wait for somebody.", statuses=(200, 400, 401, 404, 421, 499), query=("wait",)),
    Plain("/v1/tidegate/agent/runs/{run}/events", "Its story as server-sent events, from the event `since` on.", statuses=(200, 400, 401, 404, 421), query=("since",), media="text/event-stream"),
    Plain("/v1/tidegate/agent/runs/{run}/approve", "The user's word on the call that waits, bound to its digest.", statuses=(200, 400, 401, 403, 404, 408, 409, 413, 415, 421), method="post", body=ApproveBody),
    Plain("/v1/tidegate/agent/runs/{run}/cancel", "Stops it.", statuses=(200, 401, 404, 421), method="post"),
    Plain("/v1/tidegate/agent/tools", "The tools of this device: class, limits, sandbox.", "Listed", (200, 401, 421)),
    Plain("/v1/tidegate/agent/grants", "What has been allowed beforehand.", "Listed", (200, 401, 421)),
    Plain("/v1/tidegate/ledger", "What has left this device.", "Listed", (200, 400, 401, 421), query=("limit",)),
    Plain("/healthz", "Whether the daemon lives.", statuses=(200, 421), free=True),
    Plain("/readyz", "Whether it can answer.", statuses=(200, 421, 503), free=True),
    Plain("/metrics", "Counts and times for Prometheus.", statuses=(200, 421), free=True, media="text/plain"),
    Plain("/openapi.json", "This document.", statuses=(200, 421), free=True),
)  # fmt: skip

_TEXT: Mapping[str, JSON] = {"type": "string"}
_COUNT: Mapping[str, JSON] = {"type": "integer", "minimum": 0}


def _object(required: Mapping[str, JSON], **more: JSON) -> dict[str, JSON]:
    return {"type": "object", "properties": {**required, **more}, "required": list(required)}


def _list(of: str, kind: str = "list") -> dict[str, JSON]:
    return _object({"object": {"const": kind}, "data": {"type": "array", "items": {"$ref": _REF + of}}})


def _completed(kind: str) -> dict[str, JSON]:
    chosen: JSON = _object({"index": dict(_COUNT), "finish_reason": dict(_TEXT)})
    return _object(
        {
            "id": dict(_TEXT),
            "object": {"const": kind},
            "created": dict(_COUNT),
            "model": dict(_TEXT),
            "choices": {"type": "array", "items": chosen, "minItems": 1},
            "usage": _object({"prompt_tokens": dict(_COUNT), "completion_tokens": dict(_COUNT)}),
            "tidegate": {"$ref": _REF + "Tidegate"},
        }
    )


_ANSWERS: Mapping[str, dict[str, JSON]] = {
    "/v1/chat/completions": _completed("chat.completion"),
    "/v1/completions": _completed("text_completion"),
    "/v1/responses": _object(
        {
            "id": dict(_TEXT),
            "object": {"const": "response"},
            "status": {"enum": ["completed", "incomplete"]},
            "output": {"type": "array", "items": _object({"type": dict(_TEXT), "id": dict(_TEXT)})},
            "usage": _object({"input_tokens": dict(_COUNT), "output_tokens": dict(_COUNT)}),
            "tidegate": {"$ref": _REF + "Tidegate"},
        }
    ),
    "/v1/messages": _object(
        {
            "id": dict(_TEXT),
            "type": {"const": "message"},
            "role": {"const": "assistant"},
            "content": {"type": "array", "items": _object({"type": {"enum": ["text", "tool_use"]}})},
            "stop_reason": {"enum": ["end_turn", "max_tokens", "tool_use"]},
            "usage": _object({"input_tokens": dict(_COUNT), "output_tokens": dict(_COUNT)}),
            "tidegate": {"$ref": _REF + "Tidegate"},
        }
    ),
    "/v1/embeddings": _object(
        {
            "object": {"const": "list"},
            "data": {"type": "array", "items": _object({"index": dict(_COUNT), "embedding": {"type": ["array", "string"]}})},
            "model": dict(_TEXT),
            "usage": _object({"prompt_tokens": dict(_COUNT), "total_tokens": dict(_COUNT)}),
        }
    ),
}  # fmt: skip

_SHARED: Mapping[str, dict[str, JSON]] = {
    "Thing": {"type": "object"},
    "Counted": _object({"input_tokens": dict(_COUNT)}),
    "Listed": _list("Thing"),
    "Model": _object({"id": dict(_TEXT), "object": {"const": "model"}, "created": dict(_COUNT), "owned_by": dict(_TEXT)}),
    "Models": _list("Model"),
    "Tidegate": _object(
        {
            "source": {"enum": ["device", "cloud", "nobody"]},
            "state": {"enum": ["answered", "degraded", "held", "queued"]},
            "why": dict(_TEXT),
            "confidence": {"type": ["number", "null"]},
            "ticket": {"type": ["string", "null"]},
        }
    ),
    "Error": _object(
        {
            "error": _object(
                {"message": dict(_TEXT), "type": dict(_TEXT), "code": dict(_TEXT), "param": {"type": ["string", "null"]}}
            )
        }
    ),
    "AnthropicError": _object(
        {
            "type": {"const": "error"},
            "error": _object({"message": dict(_TEXT), "type": dict(_TEXT), "code": dict(_TEXT)}),
        }
    ),
}  # fmt: skip


def document() -> dict[str, JSON]:
    """The whole document, OpenAPI 3.1."""
    paths: dict[str, JSON] = {one.path: {"post": _endpoint(one)} for one in ENDPOINTS}
    for path in dict.fromkeys(one.path for one in PLAIN):
        found: dict[str, JSON] = {one.method: _plain(one) for one in PLAIN if one.path == path}
        paths[path] = found
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tidegate on this device",
            "version": __version__,
            "description": "Answers what it can on the device, and lets the cloud help with what was redacted.",
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"key": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
        },
    }


def _schemas() -> dict[str, JSON]:
    """The bodies as their types have them, each field with what becomes of it; and what comes back."""
    bodies = tuple(dict.fromkeys(one.body for one in (*ENDPOINTS, *PLAIN) if one.body is not None))
    _, found = msgspec.json.schema_components(bodies, ref_template=_REF + "{name}")
    schemas: dict[str, JSON] = dict(found)
    for endpoint in ENDPOINTS:
        schema = schemas[endpoint.body.__name__]
        properties = schema.get("properties") if isinstance(schema, dict) else None
        if isinstance(properties, dict):
            for name, field in endpoint.fields.items():
                known = properties.get(name)
                said: dict[str, JSON] = {"description": f"{field.treatment}: {field.note}"}
                properties[name] = {**(known if isinstance(known, dict) else {}), **said}
        schemas[_answer(endpoint)] = _ANSWERS[endpoint.path]
    return {**schemas, **_SHARED}


def _answer(endpoint: Endpoint) -> str:
    return endpoint.body.__name__.removesuffix("Body") + "Answer"


def _endpoint(one: Endpoint) -> dict[str, JSON]:
    error = "AnthropicError" if one.path == _ANTHROPIC else "Error"
    responses = _responses(_answer(one), _ASKING, error)
    if one.body is not EmbeddingBody:
        _stream(responses)
    return {"summary": one.about, "requestBody": _body(one.body), "responses": responses}


def _stream(responses: dict[str, JSON]) -> None:
    good = responses["200"]
    content = good.get("content") if isinstance(good, dict) else None
    if isinstance(content, dict):
        content["text/event-stream"] = {"schema": dict(_TEXT)}


def _plain(one: Plain) -> dict[str, JSON]:
    responses = _responses(one.schema, one.statuses, one.error, one.media)
    found: dict[str, JSON] = {"summary": one.about, "responses": responses}
    if one.events:
        _stream(responses)
    parameters: list[JSON] = [
        {"name": name, "in": "path", "required": True, "schema": dict(_TEXT)} for name in _places(one.path)
    ]
    parameters += [
        {"name": name, "in": "query", "required": False, "schema": {"type": "number", "minimum": 0}}
        for name in one.query
    ]
    if parameters:
        found["parameters"] = parameters
    if one.body is not None:
        found["requestBody"] = _body(one.body, *one.also)
    if one.free:
        found["security"] = []
    return found


def _places(path: str) -> Iterable[str]:
    return (part[1:-1] for part in path.split("/") if part.startswith("{"))


def _body(of: type[msgspec.Struct], *also: type[msgspec.Struct]) -> dict[str, JSON]:
    refs: list[JSON] = [{"$ref": _REF + one.__name__} for one in (of, *also)]
    return {
        "required": True,
        "content": {"application/json": {"schema": {"anyOf": refs} if also else refs[0]}},
    }


def _responses(
    schema: str, statuses: tuple[int, ...], error: str, media: str = "application/json"
) -> dict[str, JSON]:
    good: JSON = dict(_TEXT) if media.startswith("text/") else {"$ref": _REF + schema}
    ready = 503 in statuses and schema == "Thing" and 400 not in statuses  # /readyz says the same either way
    found: dict[str, JSON] = {}
    for status in statuses:
        told: JSON = good if status == 200 or (status == 503 and ready) else {"$ref": _REF + error}
        kind = media if status == 200 else "application/json"
        found[str(status)] = {"description": _WORDS[status], "content": {kind: {"schema": told}}}
    return found


_WORDS: Mapping[int, str] = {
    200: "done",
    400: "the request is wrong",
    401: "no key of an application",
    403: "a policy or a reviewer says no",
    404: "not here",
    408: "the body did not arrive in time",
    409: "nobody has agreed to this leaving the device, or nothing waits for this word",
    413: "the body is too large",
    415: "the body is compressed",
    421: "the Host header names another machine",
    422: "the idempotency key was used for another request",
    429: "too many requests; see Retry-After",
    499: "the client went away",
    500: "a defect",
    502: "the cloud's answer failed its proof",
    503: "nothing can answer now",
}
