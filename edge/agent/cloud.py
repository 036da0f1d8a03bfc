"""Asks a person at the cloud tier to approve one call: an escalation like any other, redacted, receipted and in the ledger.

Approved is only what a person there has released, as exactly this call; what the cloud's model says counts for nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from edge import turn
from edge.agent.arguments import call_digest, parse
from edge.agent.ports import Opinion
from edge.agent.values import Tool
from edge.facts import look
from edge.ports import Held, House, Queued, Rejected, RejectReason, Released, Request
from edge.routing.plan import EscalateNow, TryLocal, Why, plan
from tidegate.chat import ToolCall
from tidegate.errors import BadRequest


@dataclass(frozen=True, slots=True)
class CloudDesk:
    """`edge.agent.ports.Cloud` over the way out that turns use."""

    house: Callable[[], House]

    @property
    def present(self) -> bool:
        return self.house().dispatch.present

    async def approve(self, request: Request, tool: Tool, digest: str) -> Opinion:
        house = self.house()
        redacted, known = await look(request, house)
        if redacted is None or not isinstance(plan(known), TryLocal | EscalateNow):
            return Opinion(note="the question may not leave the device")
        delivery = await house.dispatch.send(
            turn.escalation(request, redacted, Why.POLICY_MUST_GO, house), request
        )
        match delivery:
            case Released() as reply:
                calls = [_restored(one, request, house) for one in reply.tool_calls]
                return opinion(calls, digest, reviewed=reply.reviewed)
            case Held(ticket) | Queued(ticket):
                return Opinion(ticket=ticket)
            case Rejected(reason):
                return Opinion(declined=reason is RejectReason.REVIEWER, note=str(reason))
            case other:
                assert_never(other)


def opinion(calls: Sequence[ToolCall], digest: str, *, reviewed: bool) -> Opinion:
    """What a released answer says about the call of that digest. Pure."""
    if not reviewed:
        return Opinion(note="no person at the cloud has looked at it")
    for one in calls:
        with contextlib.suppress(BadRequest):
            if call_digest(one.name, parse(one.arguments)) == digest:
                return Opinion(approved=True)
    return Opinion(note="the cloud's person has answered something else")


def _restored(call: ToolCall, request: Request, house: House) -> ToolCall:
    arguments = house.screen.restore_json(request.conversation, call.arguments)
    return ToolCall(call.id, house.screen.restore(request.conversation, call.name), arguments)
