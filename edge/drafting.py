"""The local draft of a turn: shorter when the machine is under strain, counted while it is written, and put on the bill."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from edge.economy import Economy
from edge.facts import foreseen
from edge.ports import Answer, House, Request
from edge.routing.link import Health
from edge.routing.plan import Facts, StayLocal, TryLocal, Why, plan
from edge.routing.reasons import reasons
from edge.routing.record import Record
from edge.routing.vitals import Strain
from edge.routing.world import VitalSignal
from tidegate.chat import Prompt
from tidegate.engines.port import Draft, Finish, Terms
from tidegate.errors import TidegateError

INSTEAD = (Why.PREFERRED, Why.KNOWN_TO_FAIL)  # this device would try, where the cloud does not come
RESERVE = 0.2  # of the time a request has, kept for that


async def draft(request: Request, known: Facts, house: House, stays: Why | None = None) -> Draft:
    """`stays`: the answer stays here whatever it becomes, for this reason; only then is it told while it is written.

    Raises what the local model raises.
    """
    prompt = shortened(request.prompt, known.world.vitals)
    terms = terms_of(request, stays)
    if stays is None and given_up_early(known) and house.promise is not None:
        terms = replace(terms, give_up=house.promise.giving_up(request, house.policy.keep_at))
    if house.around is None:
        return await house.local.generate(prompt, terms)
    with house.around.drafting():
        made = await house.local.generate(prompt, terms)
    house.around.drafted(request, made)
    return made


def terms_of(request: Request, stays: Why | None) -> Terms:
    """In whose name the model works, how long the request may wait for it, when it is to end, and who hears it writing.

    At its deadline a request gets what there is. An answer that must stay, and for which nobody named a deadline, has none:
    nothing else could answer instead.
    """
    ends = stays is None or request.hurried
    terms = Terms(
        request.application,
        request.deadline_s,
        due=request.due if ends and request.due is not None else math.inf,
    )
    hear = request.hear
    return terms if hear is None or stays is None else replace(terms, hear=lambda text: hear(stays, text))


@asynccontextmanager
async def reading_ahead(request: Request, house: House) -> AsyncIterator[None]:
    """While it is looked at what may leave, the local model reads the prompt: where it will be asked whatever is found.

    Nothing is written and nothing decided by it; a draft that is asked for then only goes on from there.
    """
    if not house.dispatch.present or not isinstance(plan(foreseen(request, house)), TryLocal | StayLocal):
        yield
        return
    reading = asyncio.ensure_future(_read(request, house))
    try:
        yield
    finally:
        reading.cancel()
        await asyncio.wait({reading})


async def _read(request: Request, house: House) -> None:
    with suppress(TidegateError):  # whoever asks for the draft is told
        await house.local.read_ahead(request.prompt, request.application)


def given_up_early(known: Facts) -> bool:
    """Whether a draft may be given up while it is written: only where the cloud is sure to be asked instead."""
    link = known.world.link
    return link.open and link.health is Health.UP and not known.asks


def shortened(prompt: Prompt, vitals: VitalSignal) -> Prompt:
    """The prompt with less room for an answer, while there is strain."""
    if vitals.strain is Strain.NONE or prompt.max_tokens <= vitals.shorter_tokens:
        return prompt
    return replace(prompt, max_tokens=vitals.shorter_tokens)


def in_hand(request: Request, made: Draft | None, why: Why) -> Request:
    """The request as the cloud's courier sees it: with a draft that could be given instead, it need not wait in vain.

    One whose draft is only written when the cloud does not come waits less: writing takes time too.
    """
    if why in INSTEAD:
        due = None if request.due is None else request.due - request.deadline_s * RESERVE
        return replace(request, fallback=True, due=due, deadline_s=request.deadline_s * (1 - RESERVE))
    usable = made is not None and made.finish in (Finish.STOP, Finish.TOOL_CALLS)
    return replace(request, fallback=True) if usable else request


def recorded(known: Facts, found: Answer, keep_at: float, economy: Economy | None = None) -> Record:
    """What was decided about a request, and by what: for the answer's headers, the journal and a replay."""
    judged = found.judged
    finish = found.draft.finish if found.draft is not None else _finish(found)
    return Record(
        facts=known,
        reasons=reasons(found.why, known.world, waits=found.ticket is not None, drafted=finish is not None),
        keep_at=judged.keep_at if judged is not None else keep_at,
        p_right=found.confidence,
        finish=finish,
        written=judged.signals.tokens if judged is not None else 0,
        economy=economy,
    )


def _finish(found: Answer) -> Finish | None:
    """How the draft ended that was judged and is not part of the answer."""
    if found.judged is None:
        return None
    ends = {Why.PASSED: Finish.PASS, Why.INVALID_DRAFT: Finish.LENGTH}
    return ends.get(found.why, Finish.STOP)
