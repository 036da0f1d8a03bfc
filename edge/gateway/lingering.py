"""How a connection ends whose client still sends when its answer is there: a body that is too large, too slow, or of nobody.

Closed at once, the system would answer what still arrives with a reset, and the client would lose the answer. So it is told that
this is the end, what it sends is thrown away within bounds, and then the connection is closed (RFC 9112, section 9.6).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import h11
from starlette.types import Message, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_CLOSE = (b"connection", b"close")


@dataclass(frozen=True, slots=True)
class Bounds:
    """For how long, and how much, a client is let go on sending that has its answer."""

    seconds: float = 3.0
    bytes: int = 16 * 1024 * 1024


USUAL = Bounds()


class Lingering(H11Protocol):
    """uvicorn's protocol with such an end. Its transport's `close` is to ask `linger` first."""

    bounds = USUAL
    _left = 0  # bytes that are still thrown away
    _ends: asyncio.TimerHandle | None = None

    @property
    def unfinished(self) -> bool:
        """Whether the client has more of its body to send."""
        return self.conn.their_state is h11.SEND_BODY

    def telling_the_end(self, send: Send) -> Send:
        """`send`, for an application that may answer before the body is there."""

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start" and self.unfinished:
                message["headers"] = [*message.get("headers", ()), _CLOSE]
            await send(message)

        return telling

    def linger(self, transport: asyncio.Transport) -> bool:
        """Whether the connection, about to be closed, stays for a while. It does so once."""
        if self._ends is not None or not self.unfinished or transport.is_closing():
            return False
        if not transport.can_write_eof():
            return False
        transport.write_eof()
        transport.resume_reading()
        self._left = self.bounds.bytes
        self._ends = self.loop.call_later(self.bounds.seconds, transport.close)
        return True

    def data_received(self, data: bytes) -> None:
        if self._ends is None:
            super().data_received(data)
            return
        self._left -= len(data)
        if self._left < 0:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._ends is not None:
            self._ends.cancel()
        super().connection_lost(exc)
