"""What a draft tells, on its way from the engine thread to whoever hears it on an event loop.

A small model writes a token in less time than a chunk of a stream takes to be written: woken for each, the loop would be the cost.
So the first piece goes at once, and what comes sooner than `PAUSE_S` after the last hand-over leaves together.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
from collections.abc import Callable

PAUSE_S = 0.016  # less than a screen takes to show its next picture: nobody sees the difference


class Hearing:
    """One draft being heard. `put` on the engine thread; all else on the loop, where `hear` gets each part once, in order.

    Pauses end for all drafts of a loop at once, so that the loop wakes once for all of them.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, hear: Callable[[str], None], *, pause_s: float = PAUSE_S
    ) -> None:
        self._loop, self._hear, self._pause_s = loop, hear, pause_s
        self._lock = threading.Lock()
        self._pieces: list[str] = []
        self._due = False  # the loop will look for pieces by itself

    def put(self, text: str) -> None:
        """One more piece."""
        with self._lock:
            self._pieces.append(text)
            if self._due:
                return
            self._due = True
        with contextlib.suppress(RuntimeError):  # the loop is gone, and whoever listened with it
            self._loop.call_soon_threadsafe(self._hand_over)

    def finish(self) -> None:
        """Hands over what is left; nothing was put after it."""
        self._give()

    def _hand_over(self) -> None:
        if self._give():
            now = self._loop.time()
            self._loop.call_at((math.floor(now / self._pause_s) + 1) * self._pause_s, self._hand_over)

    def _give(self) -> bool:
        """Whether there was anything to hear; if not, the next piece wakes the loop."""
        with self._lock:
            text = "".join(self._pieces)
            self._pieces.clear()
            self._due = bool(text)
        if text:
            self._hear(text)
        return bool(text)
