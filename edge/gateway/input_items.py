"""GET /v1/responses/{id}/input_items: what a remembered response was asked, item by item, in OpenAI's shape. Pure.

Items are those of that response alone: what stood before it is asked for under the response that it goes on from. Ids are made of the
response's and the item's place, so they are the same each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tidegate.chat import JSON, Message, Role
from tidegate.errors import BadRequest

_MOST, _USUAL = 100, 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """`after` is the id of the item that the page follows; empty: from the start."""

    after: str = ""
    limit: int = _USUAL
    order: Literal["asc", "desc"] = "desc"


def wanted(query: Mapping[str, str]) -> Wanted:
    """The page a client asks for. `include` names what these items never hold. Raises BadRequest naming the parameter."""
    limit = query.get("limit", str(_USUAL))
    if not limit.isdecimal() or not 1 <= int(limit[:9]) <= _MOST:
        raise BadRequest(f"limit: from 1 to {_MOST}", param="limit")
    match query.get("order", "desc"):
        case "asc" | "desc" as order:
            return Wanted(query.get("after", ""), int(limit), order)
        case _:
            raise BadRequest("order: asc or desc", param="order")


def listed(response: str, sent: Sequence[Message], which: Wanted) -> dict[str, JSON]:
    """The page. Raises BadRequest for an `after` that is no item of this response."""
    found = list(_items(response.removeprefix("resp_"), sent))
    if which.order == "desc":
        found.reverse()
    ids = [str(one["id"]) for one in found]
    if which.after:
        if which.after not in ids:
            raise BadRequest("after: no item of this response", param="after")
        found = found[ids.index(which.after) + 1 :]
    page: list[JSON] = [*found[: which.limit]]
    names = [str(one["id"]) for one in found[: which.limit]]
    return {
        "object": "list",
        "data": page,
        "first_id": names[0] if names else None,
        "last_id": names[-1] if names else None,
        "has_more": len(found) > which.limit,
    }


def _items(turn: str, sent: Sequence[Message]) -> Iterator[dict[str, JSON]]:
    at = 0
    for message in sent:
        for made in _of(message):
            kind = {"message": "msg", "function_call": "fc"}.get(str(made["type"]), "fco")
            yield {"id": f"{kind}_{turn}_{at}", "status": "completed", **made}
            at += 1


def _of(message: Message) -> Iterator[dict[str, JSON]]:
    """One turn as a message and its calls, or as a call's output."""
    if message.role is Role.TOOL:
        yield {"type": "function_call_output", "call_id": message.tool_call_id, "output": message.content}
        return
    if message.content or not message.tool_calls:
        part: dict[str, JSON] = {"type": "input_text", "text": message.content}
        if message.role is Role.ASSISTANT:
            part = {"type": "output_text", "text": message.content, "annotations": []}
        yield {"type": "message", "role": str(message.role), "content": [part]}
    for call in message.tool_calls:
        yield {
            "type": "function_call",
            "call_id": call.id,
            "name": call.name,
            "arguments": call.arguments,
        }
