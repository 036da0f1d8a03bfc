"""Wakes those who wait for a decision. Lost rings are harmless: waiters look again once a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from tidegate.clock import Clock

T = TypeVar("T")
LOOK_AGAIN_S = 1.0  # a decision may come from another process (`tidegate review`), which cannot ring


class Bell:
    """One per process; used from its event loop only."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wakes every waiter."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, timeout_s: float) -> None:
        """Returns when rung, or after `timeout_s`."""
        try:
            await asyncio.wait_for(self._event.wait(), timeout_s)
        except TimeoutError:
            return


async def when(
    look: Callable[[], T], done: Callable[[T], bool], bell: Bell, clock: Clock, wait_s: float
) -> T:
    """What `look` sees as soon as it is `done`, or after `wait_s` seconds whatever it is then."""
    end = clock.mono() + wait_s
    while True:
        seen = look()
        left = end - clock.mono()
        if done(seen) or left <= 0:
            return seen
        await bell.wait(min(left, LOOK_AGAIN_S))
