"""A transport that keeps an answer's head until the turn of the loop is over: head and first words are one packet.

Every write to a socket gives Python's lock away, and the model's thread takes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_HEAD = b"HTTP/1."


class Gathering(asyncio.Transport):
    """A head leaves with what is written behind it, when the loop's turn ends, or at once where there is `most` of it. All
    else leaves at once, and is the transport's."""

    def __init__(
        self,
        under: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        most: int,
        stays: Callable[[asyncio.Transport], bool] = lambda _: False,
    ) -> None:
        """`stays` is asked whether what is to be closed is not closed yet: then whoever says so closes it."""
        super().__init__()
        self._stays = stays
        self._under, self._loop, self._most = under, loop, most
        self._ready: list[bytes | bytearray | memoryview] = []
        self._size = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._ready:
            if bytes(data[: len(_HEAD)]) != _HEAD:
                if data:
                    self._under.write(data)
                return
            self._loop.call_soon(self._leave)
        self._ready.append(data)
        self._size += len(data)
        if self._size >= self._most:  # whoever writes is to learn now that nobody reads
            self._leave()

    def _leave(self) -> None:
        if self._ready:
            data = self._ready[0] if len(self._ready) == 1 else b"".join(self._ready)
            self._ready, self._size = [], 0
            self._under.write(data)

    def close(self) -> None:
        self._leave()
        if not self._stays(self._under):
            self._under.close()

    def abort(self) -> None:
        self._ready, self._size = [], 0
        self._under.abort()

    def is_closing(self) -> bool:
        return self._under.is_closing()

    def get_extra_info(self, name: str, default: object = None) -> object:
        return self._under.get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._under.set_protocol(protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._under.get_protocol()

    def is_reading(self) -> bool:
        return self._under.is_reading()

    def pause_reading(self) -> None:
        self._under.pause_reading()

    def resume_reading(self) -> None:
        self._under.resume_reading()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._under.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        return self._size + self._under.get_write_buffer_size()
