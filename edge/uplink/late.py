"""Answers that come after their request has ended: `edge.ports.Late` over the spool."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from edge import conversation
from edge.device_key import DeviceKey
from edge.ports import LateAnswer, LateState, Rejected, Released, Request, Screen
from edge.routing.plan import Why
from edge.uplink import codec
from edge.uplink.spool import DeathCause, Entry, Shelf, SpoolState
from tidegate.chat import ToolCall
from tidegate.clock import Clock
from tidegate.errors import Untrusted
from tidegate.failpoint import failpoint
from tidegate.ids import RequestId, Ticket


@dataclass(frozen=True, slots=True)
class LateDesk:
    """Hands late answers over: pushed once (whoever claims first), pulled as often as asked. `moved` says when to look again."""

    shelf: Shelf
    screen: Screen
    clock: Clock
    moved: Callable[[], asyncio.Event]
    key: DeviceKey = field(repr=False)
    take_back: Callable[[Ticket], None] = lambda _ticket: None
    restored_at: float = 0.0  # since when the state goes on from a backup; 0: it never did

    def due(self, request: Request, *, named: bool) -> tuple[LateAnswer, ...]:
        entries = self.shelf.unclaimed(request.application)
        if not entries:
            return ()
        asked = frozenset(conversation.questions(self.key, request.application, request.prompt))
        return tuple(
            self._answer(entry)
            for entry in entries
            if entry.conversation == request.conversation
            and entry.request_id != request.request_id
            and entry.why is not Why.APPROVAL  # of an agent's own question: no application may act on it
            and (named or entry.asked_mac in asked)
            and not self._told_before(entry)
        )

    def _told_before(self, entry: Entry) -> bool:
        """Whether the state that a restore replaced may have told this answer: it was asked, and signed, before."""
        return (
            entry.created_at < self.restored_at
            and entry.state is SpoolState.DONE
            and codec.issued_at(entry.reply) <= self.restored_at
        )

    def found(self, request_id: RequestId) -> LateAnswer | None:
        """What a request is worth now, without handing it over. None when the spool does not know it (any more)."""
        entry = self.shelf.find(request_id, 0)
        return self._answer(entry) if entry is not None else None

    def claim(self, ticket: Ticket) -> bool:
        won = self.shelf.claim(ticket, self.clock.now())
        failpoint("edge.late.claimed")
        return won

    def claim_request(self, request_id: RequestId) -> bool:
        entry = self.shelf.find(request_id, 0)
        return entry is not None and not entry.live and self.shelf.claim(entry.ticket, self.clock.now())

    def withdraw(self, ticket: Ticket) -> None:
        self.take_back(ticket)
        self.shelf.claim(ticket, self.clock.now())

    async def collect(self, ticket: Ticket, application: str, wait_s: float) -> LateAnswer | None:
        until = self.clock.mono() + wait_s
        while True:
            moved = self.moved()
            entry = self.shelf.get(ticket)
            if entry is None or entry.application != application:
                return None
            left = until - self.clock.mono()
            if not entry.live or left <= 0:
                return self._answer(entry)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(moved.wait(), left)

    def pending(self, application: str) -> tuple[LateAnswer, ...]:
        return tuple(
            self._answer(entry) for entry in self.shelf.pending(application) if entry.why is not Why.APPROVAL
        )

    def _answer(self, entry: Entry) -> LateAnswer:
        base = _unanswered(entry)
        if entry.state is not SpoolState.DONE:
            return base
        try:
            match codec.decode(entry.reply):
                case Released() as reply:
                    return self._restored(base, entry, reply)
                case Rejected(reason):
                    return replace(base, state=LateState.REFUSED, reject=reason)
                case codec.CloudHeld():
                    return base
        except Untrusted:
            return replace(base, state=LateState.UNTRUSTED)

    def _restored(self, base: LateAnswer, entry: Entry, reply: Released) -> LateAnswer:
        """Raises Untrusted when the conversation's vault no longer opens or never made a placeholder of the reply."""

        def back(text: str) -> str:
            return self.screen.restore(entry.conversation, text)

        def call_back(call: ToolCall) -> ToolCall:
            return ToolCall(
                call.id, back(call.name), self.screen.restore_json(entry.conversation, call.arguments)
            )

        return replace(
            base,
            state=LateState.ANSWERED,
            text=back(reply.text),
            tool_calls=tuple(map(call_back, reply.tool_calls)),
            citations=reply.citations,
            model=reply.model,
            usage=reply.usage,
            reviewed=reply.reviewed,
        )


def _unanswered(entry: Entry) -> LateAnswer:
    return LateAnswer(
        ticket=entry.ticket,
        request_id=entry.request_id,
        conversation=entry.conversation,
        trace=entry.trace,
        why=entry.why,
        state=_state(entry),
        asked_at=entry.created_at,
        answered_at=entry.answered_at,
        hold=entry.hold,
        seen=entry.claimed_at > 0,
    )


def _state(entry: Entry) -> LateState:
    if entry.state is SpoolState.HELD:
        return LateState.HELD
    if entry.state is SpoolState.DEAD:
        return LateState.UNTRUSTED if entry.cause is DeathCause.UNTRUSTED else LateState.EXPIRED
    return LateState.WAITING
