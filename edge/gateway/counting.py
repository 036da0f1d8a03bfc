"""POST /v1/messages/count_tokens and /v1/responses/input_tokens: what a message would cost, before it is asked. Nothing is generated and nothing leaves."""

from __future__ import annotations

import asyncio

from edge.gateway.door import Caller, Door, understand
from edge.gateway.schema import ChatCall
from edge.memory.desk import recall
from tidegate.errors import Broken


async def counted(door: Door, call: ChatCall, caller: Caller) -> int:
    """Tokens of the prompt as the model of this device reads it: its template, its vocabulary.

    What a response would go on from counts too. Raises BadRequest (no such model; nothing remembered of that name; a conversation that
    the template refuses) and Broken without a model to count with.
    """
    known = await recall(door.memory, understand(door, call, caller), call.thread, named=bool(caller.named))
    request, *_ = known.requests
    local = door.house().local
    if not local.ready:
        raise Broken(
            "no model on this device counts tokens", code="no_local_model", hint="run: tidegate edge doctor"
        )
    return await asyncio.to_thread(local.count_tokens, request.prompt)
