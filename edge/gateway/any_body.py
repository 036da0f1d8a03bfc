"""The body of any endpoint that generates, for the routes that tell of a request without asking it: plan and preview.

Which endpoint it is for is read from its fields, as no two of them name the question alike; Anthropic's, whose `messages` look like
OpenAI's, from the header that its clients always send.
"""

from __future__ import annotations

import msgspec

from edge.gateway.dialect import Read, read_chat
from edge.gateway.reading import decoded, null
from edge.gateway.schema import ChatCall

VERSION = "anthropic-version"
_NOTHING = b"null"


class Glimpse(msgspec.Struct, frozen=True):
    """Which field asks. Everything else is the endpoint's own to judge."""

    messages: msgspec.Raw = msgspec.field(default_factory=null)
    input: msgspec.Raw = msgspec.field(default_factory=null)
    prompt: msgspec.Raw = msgspec.field(default_factory=null)


_decoder = msgspec.json.Decoder(Glimpse)


def parse_any(body: bytes, max_depth: int, *, anthropic: bool) -> ChatCall:
    """The call in the body, read exactly as its endpoint reads it. Raises BadRequest whose `param` names what is wrong."""
    return _reader(decoded(_decoder, body, max_depth), anthropic=anthropic)(body, max_depth).call


def _reader(seen: Glimpse, *, anthropic: bool) -> Read:
    if anthropic:
        from edge.gateway.messages import read as read_messages

        return read_messages
    if bytes(seen.messages) == _NOTHING and bytes(seen.input) != _NOTHING:
        from edge.gateway.responses import read as read_response

        return read_response
    if bytes(seen.messages) == _NOTHING and bytes(seen.prompt) != _NOTHING:
        from edge.gateway.completions import read as read_completion

        return read_completion
    return read_chat
