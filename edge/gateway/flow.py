"""A page that is told while it is being made. Only an answer that cannot be taken back flows: see `edge.turn`, StayLocal.

The dialects write their events in order and without waiting: a flow hands them the pieces heard so far, and is only asked for
one when there is one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge.routing.plan import Why

if TYPE_CHECKING:
    from edge.gateway.render import Page

MOST_BYTES = 8_192
STRAIGHT = "tidegate.straight"
"""The extension of a request's scope with which a piece of its answer is written at once: see `Flow.straight`."""


@dataclass(eq=False)
class Flow:
    """One page under way. `opened` makes the page as it stands when the first piece is heard; set before anything is."""

    opened: Callable[[Why], Page] | None = field(default=None, repr=False)
    head: Page | None = field(default=None, repr=False)
    whole: Page | None = field(default=None, repr=False)
    broken: Exception | None = field(default=None, repr=False)
    told: int = 0  # characters handed to the dialect
    straight: Callable[[bytes], bool] | None = field(default=None, repr=False)
    """Writes a piece of the stream now, or answers False: then it has to wait for its reader."""
    _events: Iterator[bytes] | None = field(
        default=None, repr=False
    )  # while whoever writes them waits for news
    _behind: list[bytes] = field(
        default_factory=list, repr=False
    )  # events that could not be written straight
    _heard: list[str] = field(default_factory=list, repr=False)
    _news: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    begun: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future(), repr=False
    )  # done when the first piece has been heard; there is a `head` then

    def hear(self, why: Why, text: str) -> None:
        """A piece of the answer, on the event loop."""
        if self.head is None and self.opened is not None:
            self.head = self.opened(why)
            self.begun.set_result(None)
        self._heard.append(text)
        if self.straight is None or self._events is None or not self._written(self.straight, self._events):
            self._news.set()

    def _written(self, straight: Callable[[bytes], bool], events: Iterator[bytes]) -> bool:
        """Whether what was heard has left already: most pieces do, without waking whoever writes the stream."""
        if self._news.is_set():
            return False  # it is about to write what came before
        try:
            for some in together(self._ready(events)):
                if self._behind or not straight(some):
                    self._behind.append(some)
        except Exception as failure:  # noqa: BLE001  told by the stream's last event
            self._heard.clear()
            self.fail(failure)
        return not self._behind

    def settle(self, page: Page) -> None:
        """The whole page: what was told is the beginning of it."""
        self.whole = page
        self._news.set()

    def fail(self, error: Exception) -> None:
        """There will be no whole page."""
        self.broken = error
        self._news.set()

    def pieces(self) -> Iterator[str]:
        """Everything heard, then nothing more; only asked for a piece when there is one or the page is whole.

        What was heard meanwhile comes as one piece: a loop that is behind writes fewer events, not later ones.
        """
        while self._heard:
            piece = "".join(self._heard)
            self._heard.clear()
            self.told += len(piece)
            yield piece

    async def told_by(self, events: Iterator[bytes]) -> AsyncIterator[bytes]:
        """A dialect's events, as soon as they can be written: those that can be at the same time, together."""
        while self.whole is None and self.broken is None:
            self._events = events
            await self._news.wait()
            self._events = None
            self._news.clear()
            for some in (*self._left(), *together(self._ready(events))):
                yield some
        for some in together(self._ready(events) if self.broken is not None else events):
            yield some

    def _left(self) -> list[bytes]:
        left, self._behind = self._behind, []
        return left

    def _ready(self, events: Iterator[bytes]) -> Iterator[bytes]:
        """The events of what has been heard."""
        while self._heard:
            yield next(events)


def together(events: Iterable[bytes]) -> Iterator[bytes]:
    """Events that are all there, in few pieces of about `MOST_BYTES`: each piece is a write, and waits for the reader."""
    ready: list[bytes] = []
    size = 0
    for event in events:
        ready.append(event)
        size += len(event)
        if size >= MOST_BYTES:
            yield b"".join(ready)
            ready, size = [], 0
    if ready:
        yield b"".join(ready)
