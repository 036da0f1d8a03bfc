"""What the door allows: how large, how slow, how many at once, and how much of it one application may take."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tidegate.clock import Clock
from tidegate.errors import BadRequest, Exhausted

T = TypeVar("T")


async def read_body(request: Request, most: int, within_s: float) -> bytes:
    """The whole body. Raises BadRequest: 413 beyond `most` bytes, 408 when it does not arrive in time, 415 when it is packed.

    Two lengths for one body are refused (400): a proxy before the door might believe the other one.
    """
    if "transfer-encoding" in request.headers and "content-length" in request.headers:
        raise BadRequest(
            "the body has two lengths: send Content-Length or Transfer-Encoding, not both", code="bad_http"
        )
    packed = request.headers.get("content-encoding", "identity").strip().lower()
    if packed not in ("identity", ""):
        raise BadRequest(
            "the body is compressed; send it as it is",
            code="unsupported_encoding",
            param="content-encoding",
            status=415,
        )
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise _too_large(most)
    try:
        async with asyncio.timeout(within_s):
            return await _gather(request, most)
    except TimeoutError as error:
        raise BadRequest("the body did not arrive in time", code="slow_client", status=408) from error
    except ClientDisconnect as error:
        raise gone() from error


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
    leaving = asyncio.ensure_future(hung_up(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not leaving.done():
            return await working
        raise gone()
    finally:
        leaving.cancel()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def until(leaving: asyncio.Future[None], work: Coroutine[None, None, None]) -> None:
    """Does the work in this task until `leaving` is done: it is then cancelled, and has ended."""
    task, left = asyncio.current_task(), False
    if task is None:
        raise RuntimeError("no task runs here")
    before = task.cancelling()

    def leave(done: asyncio.Future[None]) -> None:
        nonlocal left
        if not done.cancelled():
            left = True
            task.cancel()

    leaving.add_done_callback(leave)
    try:
        await work
    except asyncio.CancelledError:
        if not left or task.uncancel() > before:
            raise
    finally:
        leaving.remove_done_callback(leave)


async def hung_up(request: Request) -> None:
    """Returns when the client has gone. Read the body before: whatever still arrives is thrown away."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def gone() -> BadRequest:
    """Nobody hears it; it is counted."""
    return BadRequest("the client went away", code="client_gone", status=499)


def _too_large(most: int) -> BadRequest:
    return BadRequest(f"the body is larger than {most} bytes", code="body_too_large", status=413)


class Gate:
    """Counts requests being worked on or waiting; beyond the bound it says so instead of queueing without end."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.inside = 0

    @property
    def most(self) -> int:
        return self._most

    def resize(self, most: int) -> None:
        """From now on; who is inside stays."""
        self._most = most

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


@dataclass(slots=True)
class _Share:
    """What an application has at work, and how many requests it may still begin."""

    working: int
    left: float
    at: float  # when `left` was counted


class Shares:
    """How much of the door one application may take: requests at once, and requests per minute (0: any number).

    The minute is a bucket that fills evenly: an application that rested may begin a whole minute's worth at once.
    """

    def __init__(self, clock: Clock, *, at_once: int, per_minute: int = 0) -> None:
        self._clock = clock
        self._at_once = at_once
        self._per_minute = per_minute
        self._shares: dict[str, _Share] = {}  # as many as there are keys

    def resize(self, *, at_once: int, per_minute: int) -> None:
        """From now on; what an application has at work stays."""
        for share in self._shares.values():
            share.left = min(share.left, float(per_minute)) if self._per_minute else float(per_minute)
        self._at_once, self._per_minute = at_once, per_minute

    @contextmanager
    def taken(self, application: str) -> Iterator[None]:
        """Raises Exhausted (429) when the application has taken its share, with the seconds after which one more fits."""
        share = self._filled(application)
        if share.working >= self._at_once:
            raise Exhausted(
                f"this application has {self._at_once} requests at work, which is its share",
                code="queue_full",
                status=429,
                retry_after_s=1,
            )
        if self._per_minute:
            if share.left < 1:
                raise Exhausted(
                    f"this application has used its {self._per_minute} requests of a minute",
                    code="rate_limit_exceeded",
                    status=429,
                    retry_after_s=max(1, math.ceil((1 - share.left) * 60 / self._per_minute)),
                )
            share.left -= 1
        share.working += 1
        try:
            yield
        finally:
            share.working -= 1

    def _filled(self, application: str) -> _Share:
        now = self._clock.mono()
        share = self._shares.setdefault(application, _Share(0, float(self._per_minute), now))
        share.left = min(
            float(self._per_minute), share.left + max(0.0, now - share.at) * self._per_minute / 60
        )
        share.at = now
        return share


class ImpatientWriter:
    """ASGI wrapper: a client that stops reading loses its connection after `within_s` per chunk."""

    def __init__(self, app: ASGIApp, within_s: float) -> None:
        self._app = app
        self._within_s = within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(None) as patience:
                watched = _Watched(send, patience, self._within_s)
                try:
                    await self._app(scope, receive, watched.send)
                finally:
                    watched.end()
        except TimeoutError:
            await asyncio.sleep(0)  # uvicorn closes the connection of a response that was not finished


class _Watched:
    """One response being sent. A timer of its own for every chunk would cost as much as the chunk: there is one, which looks
    now and then whether a chunk has been under way for too long."""

    def __init__(self, send: Send, patience: asyncio.Timeout, within_s: float) -> None:
        self._send, self._patience, self._within_s = send, patience, within_s
        self._loop = asyncio.get_running_loop()
        self._since: float | None = None  # when the chunk under way was begun
        self._timer: asyncio.TimerHandle | None = None

    async def send(self, message: Message) -> None:
        self._since = self._loop.time()
        if self._timer is None:
            self._look()
        try:
            await self._send(message)
        finally:
            self._since = None

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self._timer = None
        if self._since is None:
            return  # the next chunk begins a new watch
        ends = self._since + self._within_s
        if ends <= self._loop.time():
            self._patience.reschedule(ends)
        else:
            self._timer = self._loop.call_at(ends, self._look)
