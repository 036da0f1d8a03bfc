"""Streams that begin before their answer is whole: for answers that stay on the device whatever they become.

What cannot be known at the first byte (state, confidence, reasons) is left out of the headers and told by the last event.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from edge.gateway import door as chat
from edge.gateway.dialect import Shape, Spoken, event
from edge.gateway.door import Caller, Door
from edge.gateway.errors import problem
from edge.gateway.flow import STRAIGHT, Flow
from edge.gateway.limits import gone, hung_up, until, while_connected
from edge.gateway.render import Page
from edge.ports import Answer
from tidegate.logs import Log

_AT_THE_END = ("x-tidegate-state", "x-tidegate-confidence", "x-tidegate-reasons", "x-tidegate-ticket")


@dataclass(frozen=True, slots=True)
class Begun:
    """A stream whose first piece is there: the page at that moment, the work that goes on, and whether anybody listens."""

    flow: Flow
    head: Page
    working: asyncio.Task[tuple[Page, Answer]]
    leaving: asyncio.Future[None]  # done when the client has gone


async def begin(request: Request, door: Door, spoken: Spoken, caller: Caller) -> Begun | tuple[Page, Answer]:
    """The whole page, or a stream as soon as there is something that can be told and the call wants it so.

    Raises what a turn raises, and BadRequest (499) when the client hangs up first; the work has ended then.
    """
    if not spoken.call.stream or spoken.call.logprobs:
        return await while_connected(request, chat.answer(door, spoken.call, caller))
    flow = Flow()
    working = asyncio.ensure_future(chat.answer(door, spoken.call, caller, flow))
    leaving = asyncio.ensure_future(hung_up(request))
    try:
        first: list[asyncio.Future[Any]] = [working, leaving, flow.begun]
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        if leaving.done():
            raise gone()
        if flow.head is None or working.done():
            leaving.cancel()
            return await working
    except BaseException:
        leaving.cancel()
        await _ended(working)
        raise
    return Begun(flow, flow.head, working, leaving)


async def _ended(working: asyncio.Task[tuple[Page, Answer]]) -> None:
    working.cancel()
    with suppress(BaseException):
        await working


class LiveResponse(StreamingResponse):
    """Writes a stream that has begun. When the client hangs up or stops reading, the work ends with it.

    `stack` holds what counts against the application's share and the door's bound until then.
    """

    def __init__(
        self,
        door: Door,
        begun: Begun,
        spoken: Spoken,
        shape: Shape,
        keep: Callable[[Page], None],
        stack: AsyncExitStack,
    ) -> None:
        """`keep` is shown the whole page before its last events."""
        self._door, self._begun, self._spoken, self._shape = door, begun, spoken, shape
        self._keep, self._stack = keep, stack
        head = chat.hand_over(door, begun.head)
        self._head = replace(head, flow=begun.flow)
        given = chat.headers(head, head.answers[0][1], door.lessened())
        given = {name: value for name, value in given.items() if name not in _AT_THE_END}
        super().__init__(self._flow(), media_type="text/event-stream", headers=given)
        self.headers["cache-control"] = "no-cache"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._begun.flow.straight = scope.get("extensions", {}).get(STRAIGHT)
        try:
            await until(self._begun.leaving, self.stream_response(send))
        finally:
            self._begun.leaving.cancel()
            await _ended(self._begun.working)
            await self._stack.aclose()

    async def _flow(self) -> AsyncIterator[bytes]:
        flow, working = self._begun.flow, self._begun.working
        working.add_done_callback(self._settled)
        async for one in flow.told_by(self._spoken.events(self._head)):
            yield one
        if flow.broken is not None:
            yield self._error(flow.broken)

    def _settled(self, done: asyncio.Task[tuple[Page, Answer]]) -> None:
        if done.cancelled():
            return
        try:
            page, _ = done.result()
            page = replace(page, late=self._head.late, created=self._head.created, model=self._head.model)
            self._keep(page)
        except Exception as failure:  # noqa: BLE001  told by the stream's last event
            self._begun.flow.fail(failure)
        else:
            self._begun.flow.settle(page)

    def _error(self, failure: Exception) -> bytes:
        """What ends a stream that cannot be finished: the same body that would have been the answer."""
        found = problem(failure)
        if found.status == 500:
            Log("edge.door").error("door_defect", failure)
        self._door.metrics.failed(found.status)
        body = self._shape(found)
        if self._spoken.event_of_error:
            return event(self._spoken.event_of_error, body)
        return b"data: " + msgspec.json.encode(body) + b"\n\n"
