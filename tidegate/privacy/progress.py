"""One line on a terminal that says how far a long run is; nothing anywhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from tidegate.clock import Clock

_EVERY_S = 0.5
_FIRST_S = 1.0  # a run shorter than this says nothing
_MB = 1_000_000


class Progress:
    """`to` characters of text in all, where that is known. Written over itself, and wiped at the end."""

    __slots__ = ("_began", "_clock", "_done", "_last", "_out", "_shown", "_total")

    def __init__(self, out: TextIO | None, clock: Clock, total: int | None) -> None:
        self._out = out
        self._clock = clock
        self._total = total
        self._began = self._last = clock.mono()
        self._done = 0
        self._shown = False

    def add(self, amount: int) -> None:
        """So much more is done."""
        self._done += amount
        now = self._clock.mono()
        if self._out is None or now - self._began < _FIRST_S or (self._shown and now - self._last < _EVERY_S):
            return
        self._last = now
        self._shown = True
        self._write(f"\r\x1b[K{line(self._done, self._total, now - self._began)}")

    def end(self) -> None:
        """Leaves the terminal as it was."""
        if self._shown:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        if self._out is not None:
            self._out.write(text)
            self._out.flush()


def line(done: int, total: int | None, elapsed_s: float) -> str:
    """`redacted 12.3 of 62.0 MB (20 %), 3 min left`."""
    if not total or done > total:
        return f"redacted {done / _MB:.1f} MB"
    left_s = elapsed_s * (total - done) / done if done else 0.0
    left = f"{left_s:.0f} s" if left_s < 120 else f"{left_s / 60:.0f} min"
    return f"redacted {done / _MB:.1f} of {total / _MB:.1f} MB ({done * 100 // total} %), {left} left"


def on_terminal(out: TextIO, *, quiet: Callable[[], bool]) -> TextIO | None:
    """`out` where it is a terminal that nothing else is written to; else None."""
    return out if out.isatty() and not quiet() else None
