"""Sends drawn answers for checking, compares what comes back with what was claimed, and tells the keeper.

An audit leaves exactly as an escalation would: redacted, through the spool, in the ledger, behind everything else, and only
where an escalation of the same request would have been allowed. It never reaches the application.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from edge.device_key import DeviceKey
from edge.facts import look
from edge.ports import Answer, Escalation, House, LateAnswer, LateState, Request, Source
from edge.promise.judgement import Judgement
from edge.promise.keeper import Keeper
from edge.promise.verdict import Found, claims, compared
from edge.routing.plan import TryLocal, Why, plan
from edge.store.promises import Check, Origin, PromiseStore
from edge.turn import escalation
from edge.uplink.spool import auditing
from tidegate.errors import TidegateError
from tidegate.ids import RequestId, new_request_id
from tidegate.logs import Log
from tidegate.risk.monitor import Slip

BEHIND = -1  # priority in the spool
AT_ONCE = 200  # checks looked at in one round
_ROUND_S = 5.0


class Courier(Protocol):
    """What takes an audit along. Raises Exhausted when the spool cannot take it."""

    def leave(self, escalation: Escalation, request: Request, *, priority: int) -> None:
        """Written to the spool; carried when there is room beside everything of a higher priority."""
        ...

    def moved(self) -> asyncio.Event: ...

    def unpaid(self, request_id: RequestId) -> bool:
        """Whether it waits in the spool because a budget for the cloud is spent."""
        ...


class Replies(Protocol):
    """Where answers of the cloud can be looked at without claiming them."""

    def found(self, request_id: RequestId) -> LateAnswer | None: ...


@dataclass(frozen=True, slots=True)
class Audits:
    """`by_person`: each audit waits for a reviewer instead of taking the cloud's model at its word."""

    keeper: Keeper
    store: PromiseStore
    courier: Courier
    replies: Replies
    house: Callable[[], House]
    key: DeviceKey = field(repr=False)
    by_person: bool = False
    log: Log = field(default_factory=lambda: Log("edge.promise"))

    async def send(self, request: Request, judged: Judgement, slip: Slip) -> bool:
        """Sends an answer that was drawn. False, and it counts as not drawn, where it may not or cannot leave."""
        try:
            sent = await self._sent(request, judged, slip)
        except TidegateError as error:
            self.log.error("audit_not_sent", error, request=request.request_id)
            sent = False
        if not sent and judged.line is not None:
            self.keeper.undrawn(judged.line)
        return sent

    async def _sent(self, request: Request, judged: Judgement, slip: Slip) -> bool:
        house = self.house()
        redacted, known = await look(request, house)
        if known.world.budget.cloud is not None and judged.line is not None:
            self.keeper.audited(judged.line.key, stopped=True)
        if redacted is None or plan(known) != TryLocal():
            return False
        asked = replace(
            request,
            request_id=new_request_id(),
            application=auditing(request.application),
            ask_review=request.ask_review or self.by_person,
        )
        self.keeper.check(asked.request_id, request.request_id, judged, slip)
        try:
            self.courier.leave(escalation(asked, redacted, Why.AUDIT, house), asked, priority=BEHIND)
        except TidegateError:
            self.store.closed(asked.request_id)
            raise
        if judged.line is not None and not self._unpaid(judged.line.key):
            self.keeper.audited(judged.line.key, stopped=False)
        return True

    def _unpaid(self, line: str) -> bool:
        """Whether audits of a line wait for money."""
        mine = (check for check in self.store.opened(AT_ONCE) if check.line == line)
        return any(self.courier.unpaid(check.asked_id) for check in mine)

    async def run(self) -> None:
        """Looks at open checks whenever something came from the cloud, and every few seconds."""
        while True:
            moved = self.courier.moved()
            try:
                self.settle()
            except TidegateError as error:
                self.log.error("audits_round_failed", error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(moved.wait(), _ROUND_S)

    def settle(self) -> int:
        """Closes the checks whose verdict is there. Returns how many."""
        settled = 0
        for check in self.store.opened(AT_ONCE):
            late = self.replies.found(check.asked_id)
            if late is None or late.state.final:
                found, origin = self._verdict(check, late)
                self.store.closed(check.asked_id)
                self.keeper.heard(check, found, origin)
                settled += 1
            elif check.slip and self.courier.unpaid(check.asked_id):
                self.keeper.audited(check.line, stopped=True)
        return settled

    def _verdict(self, check: Check, late: LateAnswer | None) -> tuple[Found, Origin]:
        if late is None or late.state is not LateState.ANSWERED:
            return Found.UNDECIDED, Origin.AUDIT  # refused, expired, or forgotten by the spool
        found = compared(check.claims, claims(self.key, late.text, late.tool_calls))
        if check.watching:
            return found, Origin.AUDIT
        return found, Origin.REVIEWER if late.reviewed else Origin.CLOUD


def learn_from(answer: Answer, request: Request, audits: Audits) -> None:
    """An escalated draft is checked by what the cloud released for it, now or when it comes. Raises Exhausted."""
    judged = answer.judged
    if judged is None or judged.kept or not judged.claims:
        return
    check = audits.keeper.check(request.request_id, request.request_id, judged)
    if answer.source is Source.CLOUD and answer.reject is None:
        found = compared(judged.claims, claims(audits.key, answer.text, answer.tool_calls))
        audits.store.closed(check.asked_id)
        audits.keeper.heard(check, found, Origin.REVIEWER if answer.reviewed else Origin.CLOUD)
