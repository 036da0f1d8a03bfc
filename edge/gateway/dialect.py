"""A dialect: one API's way to say what a turn is asked, and to write down what it answered. Nothing is decided here.

Every endpoint that generates reads its body into the same `ChatCall`, goes through the same turn, and writes the same
`Page`: what may leave, what is remembered and what the headers say cannot differ between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from edge.gateway.errors import Problem
from edge.gateway.render import Page, chunks, completion
from edge.gateway.schema import ChatCall, parse_chat
from tidegate.chat import JSON
from tidegate.errors import BadRequest

_NOTHING = (b"null", b"")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A call, and how its page is written in the words of the API that it came by."""

    call: ChatCall
    whole: Callable[[Page], dict[str, JSON]]
    events: Callable[[Page], Iterator[bytes]]
    event_of_error: str = (
        ""  # the name of the event that ends a broken stream, where the API's events have names
    )


Read = Callable[[bytes, int], Spoken]  # the body, and how deep it may be nested; raises BadRequest
Shape = Callable[[Problem], dict[str, JSON]]  # the body of an error


def openai_error(found: Problem) -> dict[str, JSON]:
    """As it is: our errors are made in OpenAI's shape."""
    return found.body


def read_chat(body: bytes, max_depth: int) -> Spoken:
    """POST /v1/chat/completions."""
    return Spoken(parse_chat(body, max_depth=max_depth), completion, chunks)


def refuse(body: msgspec.Struct, names: tuple[str, ...]) -> None:
    """Raises BadRequest for the first of these fields that says anything."""
    for name in names:
        raw: object = getattr(body, name)
        if isinstance(raw, msgspec.Raw) and bytes(raw).strip() not in _NOTHING:
            raise BadRequest(f"{name} is not supported here", code="unsupported_parameter", param=name)


def event(kind: str, body: dict[str, JSON]) -> bytes:
    """One server-sent event with a name."""
    return b"event: " + kind.encode() + b"\ndata: " + msgspec.json.encode(body) + b"\n\n"
