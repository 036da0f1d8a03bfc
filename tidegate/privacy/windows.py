"""Long text in windows with what stands around them: bounded memory, and time in proportion to the length. Pure.

A window ends at the end of a line where it can, else at a space. Text without either is taken in longer windows, because a packed
token (base64) can only be opened whole; beyond LONGEST it is cut anywhere. A value as long as a window is hidden up to its end alone: no value is.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field

WINDOW = 1 << 16  # characters
LONGEST = 1 << 20
# For the name model, which refuses more than 1 << 17 pieces of words: no text has more of them than characters.
LONGEST_READ = (1 << 17) - (1 << 13)
AROUND = (
    2048  # characters before and behind a window that detectors see: what stands there tells what a value is
)


@dataclass(frozen=True, slots=True)
class Window:
    """`text[first:last]` is to be redacted; what stands before it has been already, what stands behind comes next."""

    text: str = field(repr=False)
    first: int
    last: int


def windows(
    chunks: Iterable[str], *, window: int = WINDOW, longest: int = LONGEST, around: int = AROUND
) -> Generator[Window, int, None]:
    """Windows over the joined chunks. Each is answered (`send`) with where it was really ended, at most at its `last`.

    Whoever redacts it may end it earlier, before a value that reaches over its end; one that is not shortened is answered with its `last`.
    """
    source = iter(chunks)
    held, first, more = "", 0, True
    while True:
        while more and len(held) - first < window + around:
            held, more = _longer(held, source)
        last = _end(held, first, window)
        while more and last is None and len(held) - first < longest + around:
            held, more = _longer(held, source)
            last = _end(held, first, min(longest, len(held) - first))
        if not more and len(held) - first <= window:
            last = len(held)
        last = last or min(first + longest, len(held))
        if last <= first:
            return
        ended = yield Window(held, first, last)
        start = max(0, ended - around)
        held, first = held[start:], ended - start


def _longer(held: str, source: Iterator[str]) -> tuple[str, bool]:
    chunk = next(source, None)
    return (held, False) if chunk is None else (held + chunk, True)


def _end(held: str, first: int, window: int) -> int | None:
    """The last end of a line, or else the last space, in the second half of the window; None where there is neither."""
    middle, edge = first + window // 2, first + window
    for mark in ("\n", " "):
        at = held.rfind(mark, middle, edge)
        if at >= 0:
            return at + 1
    return None
