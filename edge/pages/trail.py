"""How the link has been: looked at every few seconds, kept where it changed. In memory, bounded."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from edge.pages.seen import LinkSeen
from tidegate.clock import Clock

EVERY_S = 2.0
_MOST = 500


class Trail:
    """`look` says what the link is now, in one of the words of `LinkSeen`."""

    def __init__(self, look: Callable[[], str], clock: Clock, *, every_s: float = EVERY_S) -> None:
        self._look = look
        self._clock = clock
        self._every_s = every_s
        self._changes: deque[tuple[float, str]] = deque(maxlen=_MOST)

    def note(self) -> LinkSeen:
        """Looks now."""
        state = self._look()
        if not self._changes or self._changes[-1][1] != state:
            self._changes.append((self._clock.now(), state))
        return LinkSeen(state, tuple(self._changes))

    async def run(self) -> None:
        """Looks until cancelled."""
        while True:
            self.note()
            await asyncio.sleep(self._every_s)
