"""What is known about a request before it is planned: its redaction, and numbers and flags. Never text."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from edge.ports import House, RedactedPrompt, Request
from edge.routing.mode import Mode
from edge.routing.plan import Facts
from edge.routing.world import CALM
from tidegate.errors import Broken

QUICK = 2_000  # characters: about a third of a millisecond


async def look(request: Request, house: House) -> tuple[RedactedPrompt | None, Facts]:
    """One scan of the request: what could leave, and what the plan may depend on.

    In a worker thread: detectors are busy for milliseconds, and other requests must not wait for them. A short request in
    which nothing is looked for is over before a thread would have begun.
    """
    if _is_quick(request, house):
        return _look(request, house)
    return await asyncio.to_thread(_look, request, house)


def _is_quick(request: Request, house: House) -> bool:
    """Whether only a few words are counted."""
    if not _stays(request, house) or house.policy.refuse_injection_at <= 1 or request.prompt.tools:
        return False
    return sum(len(message.content) for message in request.prompt.messages) <= QUICK


def _look(request: Request, house: House) -> tuple[RedactedPrompt | None, Facts]:
    redacted = _redact(request, house)
    return redacted, facts(request, redacted, house)


def facts(request: Request, redacted: RedactedPrompt | None, house: House) -> Facts:
    """The numbers and flags the plan may depend on."""
    tokens = house.local.count_tokens(request.prompt) if house.local.ready else 0
    risky = house.screen.injection(request) if house.policy.refuse_injection_at <= 1 else 0.0
    return replace(_seen(request, redacted, house, tokens), injection=risky)


def foreseen(request: Request, house: House) -> Facts:
    """The same before anything has been looked at: as if nothing private were found, in a prompt without length."""
    return replace(_seen(request, None, house, 0), redactable=True)


def _seen(request: Request, redacted: RedactedPrompt | None, house: House, tokens: int) -> Facts:
    labels = frozenset(redacted.entities) if redacted is not None else frozenset()
    question = request.prompt.last_user().casefold()
    return Facts(
        local_model=house.local.ready,
        uplink=house.dispatch.present,
        redactable=redacted is not None,
        tools_offered=bool(request.prompt.tools),
        prompt_tokens=tokens,
        context_tokens=house.local.context_tokens,
        local_speaks=house.local.speaks,
        must_stay=request.keep_local or bool(labels & house.policy.must_stay),
        mode=_mode(request, house),
        consent=house.policy.consent_of(labels),
        consented=request.consented,
        must_go=any(word in question for word in house.policy.must_go_words),
        refuse_injection_at=house.policy.refuse_injection_at,
        world=house.around.world(request, tokens) if house.around is not None else CALM,
    )


def _redact(request: Request, house: House) -> RedactedPrompt | None:
    """None where nothing may leave anyway, and when detection is broken: then nothing can (fail closed)."""
    if _stays(request, house):
        return None
    try:
        return house.screen.redact(request)
    except Broken:
        return None


def _stays(request: Request, house: House) -> bool:
    """Whether nothing of it may leave, whatever is found."""
    return not house.dispatch.present or _mode(request, house) is Mode.LOCAL_ONLY


def _mode(request: Request, house: House) -> Mode:
    return house.policy.modes.of(request.application, request.wish)
