"""How far a long measurement is and when it may end. Written to the error stream, so that the table can be piped."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

EVERY_S = 5.0


class Progress:
    """Counts requests done of those planned; says so at most every `EVERY_S` seconds."""

    def __init__(
        self, total: int, stream: TextIO = sys.stderr, mono: Callable[[], float] = time.monotonic
    ) -> None:
        self._total, self._stream, self._mono = total, stream, mono
        self._began = self._said = mono()
        self._done = 0

    def begin(self, what: str) -> None:
        """Names the measurement that starts now."""
        self._what = what
        self._say()

    def step(self, count: int = 1) -> None:
        """`count` more are done."""
        self._done += count
        if self._mono() - self._said >= EVERY_S:
            self._say()

    def skip(self, count: int) -> None:
        """`count` that were planned need not be done."""
        self._total -= count

    def _say(self) -> None:
        self._said = self._mono()
        self._stream.write(f"{line(self._what, self._done, self._total, self._said - self._began)}\n")
        self._stream.flush()


def line(what: str, done: int, total: int, spent_s: float) -> str:
    """One line; the remaining time supposes that what is left goes as fast as what is done."""
    share = f"{done}/{total}"
    if not done:
        return f"  {what}: {share}"
    left = max(total - done, 0) / done * spent_s
    return f"  {what}: {share}, {spent_s:.0f} s, about {left / 60:.1f} min left"
