"""Permission and execution of one call."""

from __future__ import annotations

import hashlib
import json

from edge.agent.arguments import call_digest, check
from edge.agent.grants import Asking, covered
from edge.agent.machine import Finished, Happening, Judged
from edge.agent.permit import Approval, Case, permit
from edge.agent.run import Call, Run
from edge.agent.values import Ended, Outcome, Tool
from edge.agent.workshop import Workshop
from tidegate.errors import BadRequest
from tidegate.failpoint import failpoint


def judge(run: Run, shop: Workshop) -> Happening:
    """The permission of the first call, by the table, with what grants give it. A grant that holds once is used up here."""
    call, now = run.calls[0], shop.clock.now()
    grants = shop.grants.all()
    user = f"{run.id} {call.id}"
    given = covered(call, grants, asking=Asking(run.application, run.conversation, now, user))
    alone = permit(_case(call, granted=False, approval=call.approval))
    if alone.allowed:
        return Judged(alone)
    approval = call.approval if call.approval is not Approval.NONE else given.approval
    found = permit(_case(call, granted=given.granted, approval=approval))
    if found.allowed and given.uses and not shop.grants.use(given.uses, user, now):
        return Judged(alone)  # somebody else has used it up in between
    failpoint("edge.agent.granted")
    return Judged(found)


async def carry(run: Run, shop: Workshop) -> Happening:
    """Carries out the first call: the very bytes that were judged, checked once more against the tool as it is now."""
    call = run.calls[0]
    tool = (await shop.toolbox.tools()).get(call.tool)
    if tool is None:
        return Finished(Outcome(Ended.UNREACHABLE, note="the tool is not here any more"))
    problem = _changed(call, tool)
    if problem:
        return Finished(Outcome(Ended.BAD_CALL, note=problem))
    return Finished(await shop.toolbox.call(tool, json.loads(call.arguments), idempotency_key(run, call)))


def idempotency_key(run: Run, call: Call) -> str:
    """The same for every try of one call, and for no other: 32 hex digits."""
    return hashlib.sha256(f"{run.id} {call.id} {call.digest}".encode()).hexdigest()[:32]


def _case(call: Call, *, granted: bool, approval: Approval) -> Case:
    return Case(
        effect=call.effect,
        exposure=call.exposure,
        outward=call.outward,
        sure=call.sure,
        granted=granted,
        approval=approval,
    )


def _changed(call: Call, tool: Tool) -> str:
    """Why a call that was permitted is not carried out after all; empty when nothing has changed."""
    arguments = json.loads(call.arguments)
    if call_digest(call.tool, arguments) != call.digest:
        return "the call is not the one that was permitted"
    if tool.effect is not call.effect or tool.outward != call.outward:
        return "the tool's class has changed since it was permitted"
    try:
        check(tool, arguments)
    except BadRequest as error:
        return error.message
    return ""
