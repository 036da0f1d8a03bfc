"""A long conversation within its budget before anything else is known of it: what a turn reads, prices, and perhaps sends.

What may leave is quoted as it is redacted and the private values are put back afterwards: so each of them stands in a summary whole, where
the redaction of the shorter prompt finds it again, or not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from edge.economy import Trimmed, touchable, trim
from edge.ports import House, Request
from tidegate.chat import Message
from tidegate.errors import Broken, Untrusted

PARTS = 0.75  # of the local model's context, where no budget is set; the rest is for its answer


async def economised(request: Request, house: House) -> Request:
    """The request with a prompt within its budget; the conversation as it was told stays beside it (`Request.told`).

    Without a budget of its own it is shortened for the local model's sake alone: where that does not make it fit, it stays as it is.
    """
    budget = budget_of(request, house)
    if not budget or not touchable(request.prompt.messages):
        return request
    return await asyncio.to_thread(_economised, request, house, budget)


def budget_of(request: Request, house: House) -> int:
    """Tokens of one prompt; 0: no bound."""
    if not house.policy.summarise:
        return request.budget_tokens
    stated = request.budget_tokens or house.policy.prompt_tokens
    return stated or (int(house.local.context_tokens * PARTS) if house.local.ready else 0)


def _economised(request: Request, house: House, budget: int) -> Request:
    prompt = request.prompt

    def measure(messages: Sequence[Message]) -> int:
        shorter = replace(prompt, messages=tuple(messages))
        return house.local.count_tokens(shorter) if house.local.ready else _roughly(messages)

    if measure(prompt.messages) <= budget:
        return request
    try:
        found = _back(trim(prompt.messages, budget, measure, _quotable(request, house)), request, house)
    except Untrusted:  # somebody wrote a placeholder that nobody made: it cannot be put back
        return request
    tokens = measure(found.messages)
    stated = request.budget_tokens or house.policy.prompt_tokens
    if not found.changed or not (stated or tokens < house.local.context_tokens):
        return request
    return replace(
        request,
        prompt=replace(prompt, messages=found.messages),
        whole=request.told,
        economy=replace(found.economy, tokens=tokens),
    )


def _quotable(request: Request, house: House) -> list[str]:
    """Each message's content, with placeholders for what is private where anything can leave; where it cannot be redacted, as it is:
    then nothing leaves."""
    if house.dispatch.present:
        try:
            return [one.content.text for one in house.screen.redact(request).messages]
        except Broken:
            pass
    return [one.content for one in request.prompt.messages]


def _back(found: Trimmed, request: Request, house: House) -> Trimmed:
    """The private values back in what was quoted."""
    if not found.changed or not house.dispatch.present:
        return found
    own = {id(one) for one in request.prompt.messages}
    messages = tuple(
        one
        if id(one) in own
        else replace(one, content=house.screen.restore(request.conversation, one.content))
        for one in found.messages
    )
    return replace(found, messages=messages)


def _roughly(messages: Sequence[Message]) -> int:
    return sum(len(one.content) for one in messages) // 4
