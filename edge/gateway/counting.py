"""POST /v1/messages/count_tokens: what a message would cost, before it is asked. Nothing is generated and nothing leaves."""

from __future__ import annotations

import asyncio

from edge.gateway.door import Caller, Door, understand
from edge.gateway.schema import ChatCall
from tidegate.errors import Broken


async def counted(door: Door, call: ChatCall, caller: Caller) -> int:
    """Tokens of the prompt as the model of this device reads it: its template, its vocabulary.

    Raises BadRequest (no such model; a conversation that the template refuses) and Broken without a model to count with.
    """
    request, *_ = understand(door, call, caller)
    local = door.house().local
    if not local.ready:
        raise Broken(
            "no model on this device counts tokens", code="no_local_model", hint="run: tidegate edge doctor"
        )
    return await asyncio.to_thread(local.count_tokens, request.prompt)
