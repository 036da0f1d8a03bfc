"""What the door allows: how large, how slow, how many at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tidegate.errors import BadRequest, Exhausted

T = TypeVar("T")


async def read_body(request: Request, most: int, within_s: float) -> bytes:
    """The whole body. Raises BadRequest: 413 beyond `most` bytes, 408 when it does not arrive in time."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise _too_large(most)
    try:
        async with asyncio.timeout(within_s):
            return await _gather(request, most)
    except TimeoutError as error:
        raise BadRequest("the body did not arrive in time", code="slow_client", status=408) from error
    except ClientDisconnect as error:
        raise _gone() from error


async def _gather(request: Request, most: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise _too_large(most)
    return bytes(body)


async def while_connected(request: Request, work: Coroutine[None, None, T]) -> T:
    """What `work` yields. Raises BadRequest (499) when the client hangs up first: the work is then cancelled and has ended.

    Read the body before: whatever still arrives here is thrown away.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_hung_up(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not leaving.done():
            return await working
        raise _gone()
    finally:
        leaving.cancel()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _gone() -> BadRequest:
    return BadRequest("the client went away", code="client_gone", status=499)


def _too_large(most: int) -> BadRequest:
    return BadRequest(f"the body is larger than {most} bytes", code="body_too_large", status=413)


class Gate:
    """Counts requests being worked on or waiting; beyond the bound it says so instead of queueing without end."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.inside = 0

    @asynccontextmanager
    async def enter(self) -> AsyncIterator[None]:
        """Raises Exhausted (429) when the queue is full."""
        if self.inside >= self._most:
            raise Exhausted(
                "too many requests are being worked on", code="queue_full", status=429, retry_after_s=1
            )
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1


class ImpatientWriter:
    """ASGI wrapper: a client that stops reading loses its connection after `within_s` per chunk."""

    def __init__(self, app: ASGIApp, within_s: float) -> None:
        self._app = app
        self._within_s = within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def hurried(message: Message) -> None:
            async with asyncio.timeout(self._within_s):
                await send(message)

        try:
            await self._app(scope, receive, hurried if scope["type"] == "http" else send)
        except TimeoutError:
            await asyncio.sleep(0)  # uvicorn closes the connection of a response that was not finished
