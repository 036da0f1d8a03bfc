"""A run that waits: for the user's word, for a person at the cloud tier, or for an answer that comes later."""

from __future__ import annotations

import asyncio
import contextlib

from edge.agent import asking
from edge.agent.arguments import call_digest, parse
from edge.agent.machine import Approved, Denied, Failed, Happening, Ticketed, Unapproved
from edge.agent.permit import Approval, Case, Need, need
from edge.agent.prepare import approval_request
from edge.agent.run import Call, Phase, Run, Stop
from edge.agent.workshop import Workshop
from edge.ports import LateAnswer, LateState, RejectReason
from tidegate.chat import ToolCall
from tidegate.errors import BadRequest, TidegateError
from tidegate.failpoint import failpoint
from tidegate.ids import Ticket

COLLECT_S = 25.0


async def person(run: Run, shop: Workshop, poked: asyncio.Event) -> Happening:
    """The user's word on the first call; asks the cloud's person first where that may be enough."""
    call = run.calls[0]
    if _cloud_may(call, shop):
        return await _ask_cloud(run, call, shop)
    until = call.asked_at + shop.approval_s
    while shop.clock.now() < until:
        found = verdict(run, call, shop)
        if found is not None:
            return found
        await _rest(poked, shop.poll_s)
    return Denied(call.digest, "timeout")


async def ticket(run: Run, shop: Workshop, poked: asyncio.Event) -> Happening:
    """The answer of a ticket, or the approval that it is about; the user may approve or deny meanwhile."""
    if run.ticket is None:
        return Failed(Stop.FAULT, "no ticket")
    collecting = asyncio.ensure_future(_collected(run.ticket, run.application, shop))
    try:
        while run.approving and not collecting.done():
            found = verdict(run, run.calls[0], shop) or _too_late(run.calls[0], shop)
            if found is not None:
                return found
            resting = asyncio.ensure_future(_rest(poked, shop.poll_s))
            await asyncio.wait({collecting, resting}, return_when=asyncio.FIRST_COMPLETED)
            resting.cancel()
        late = await collecting
    finally:
        collecting.cancel()
        await asyncio.gather(collecting, return_exceptions=True)
    if late is None:
        return (
            Unapproved("the ticket is gone")
            if run.approving
            else Failed(Stop.NO_ANSWER, "the ticket is gone")
        )
    shop.late.claim(late.ticket)
    if run.approving:
        return _too_late(run.calls[0], shop) or approval(late, run.calls[0])
    return asking.late(late, run, await shop.toolbox.tools())


def verdict(run: Run, call: Call, shop: Workshop) -> Happening | None:
    """The oldest word of a person on this question that nobody has taken; older questions' are thrown away."""
    while True:
        found = shop.verdicts.take(run.id)
        if found is None:
            return None
        failpoint("edge.agent.verdict")
        if found.question != call.question or found.digest != call.digest:
            continue
        return Approved(found.digest, Approval.USER) if found.approved else Denied(found.digest, found.by)


def approval(late: LateAnswer, call: Call) -> Happening:
    """What a released answer says about the call: approved only by a person there, and only these bytes.

    Refused is what a person there has refused; a question that nobody there has decided is the user's.
    """
    if late.state is LateState.REFUSED and late.reject is RejectReason.REVIEWER:
        return Denied(call.digest, "cloud")
    if late.state is not LateState.ANSWERED or not late.reviewed:
        return Unapproved(str(late.reject or "no person at the cloud has looked at it"))
    if [_digest(one) for one in late.tool_calls] == [call.digest]:
        return Approved(call.digest, Approval.CLOUD)
    return Unapproved("the cloud's person has answered something else")


def _digest(call: ToolCall) -> str:
    with contextlib.suppress(BadRequest):
        return call_digest(call.name, parse(call.arguments))
    return ""


def _too_late(call: Call, shop: Workshop) -> Happening | None:
    """Nobody's word counts any more once the time for it has passed, the cloud's no more than the user's."""
    return Denied(call.digest, "timeout") if shop.clock.now() >= call.asked_at + shop.approval_s else None


async def _ask_cloud(run: Run, call: Call, shop: Workshop) -> Happening:
    tool = (await shop.toolbox.tools()).get(call.tool)
    if tool is None:
        return Unapproved("the tool is not here any more")
    request_id = shop.repeatable_id(run.application, f"{run.id} {call.question} approval", 0)
    request = approval_request(run, call, tool, request_id, shop.deadline_s)
    try:
        opinion = await shop.cloud.approve(request, tool, call.digest)
    except TidegateError as error:
        return Unapproved(error.code)
    if opinion.approved:
        return Approved(call.digest, Approval.CLOUD)
    if opinion.declined:
        return Denied(call.digest, "cloud")
    if opinion.ticket:
        return Ticketed(Ticket(opinion.ticket), "cloud_approval", approving=True)
    return Unapproved(opinion.note)


def _cloud_may(call: Call, shop: Workshop) -> bool:
    case = Case(call.effect, call.exposure, outward=call.outward, sure=call.sure)
    return (
        shop.ask_cloud
        and shop.cloud.present
        and not call.cloud_asked
        and call.phase is not Phase.UNKNOWN
        and need(case) <= Need.CLOUD
    )


async def _collected(which: Ticket, application: str, shop: Workshop) -> LateAnswer | None:
    while True:
        found = await shop.late.collect(which, application, COLLECT_S)
        if found is None or found.state.final:
            return found


async def _rest(poked: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(poked.wait(), seconds)
    poked.clear()
