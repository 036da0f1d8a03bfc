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
from edge.ports import Held, House, Queued, RedactedPrompt, Rejected, RejectReason, Released, Request
from edge.routing.plan import EscalateNow, Plan, Refuse, StayLocal, TryLocal, Why, plan
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
        if redacted is None or not _leaves(plan(known)):
            return Opinion(note="the question may not leave the device")
        if not any(_restored(one, request, house) == digest for one in _calls(redacted)):
            return Opinion(note="the call cannot be shown there as it is")
        delivery = await house.dispatch.send(turn.escalation(request, redacted, Why.APPROVAL, house), request)
        match delivery:
            case Released() as reply:
                digests = [_restored(one, request, house) for one in reply.tool_calls]
                return opinion(digests, digest, reviewed=reply.reviewed)
            case Held(ticket) | Queued(ticket):
                return Opinion(ticket=ticket)
            case Rejected(reason):
                return Opinion(declined=reason is RejectReason.REVIEWER, note=str(reason))
            case other:
                assert_never(other)


def opinion(released: Sequence[str], digest: str, *, reviewed: bool) -> Opinion:
    """What a released answer, by the digests of its calls, says about the call of that digest. Pure."""
    if not reviewed:
        return Opinion(note="no person at the cloud has looked at it")
    if list(released) == [digest]:
        return Opinion(approved=True)
    return Opinion(note="the cloud's person has answered something else")


def _leaves(way: Plan) -> bool:
    """Whether the question may go now: one that somebody must agree to first is not sent behind their back."""
    match way:
        case EscalateNow():
            return True
        case TryLocal(ask):
            return not ask
        case StayLocal() | Refuse():
            return False
        case other:
            assert_never(other)


def _calls(redacted: RedactedPrompt) -> list[ToolCall]:
    """The calls that a person would be shown, as they leave."""
    return [
        ToolCall(call.id, call.name.text, call.arguments.text)
        for message in redacted.messages
        for call in message.tool_calls
    ]


def _restored(call: ToolCall, request: Request, house: House) -> str:
    """The digest of a call with the private values back in it; empty when its arguments are no JSON object."""
    arguments = house.screen.restore_json(request.conversation, call.arguments)
    name = house.screen.restore(request.conversation, call.name)
    with contextlib.suppress(BadRequest):
        return call_digest(name, parse(arguments))
    return ""
