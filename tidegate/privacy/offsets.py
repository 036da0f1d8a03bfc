"""Where a stretch of a rewritten text stands in the text it was made from. Values and pure functions, in code points."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OffsetMap:
    """`at[i]` is where piece i of the rewritten text begins, `origin[i]` where it came from in the source.

    A piece of `width[i]` 0 was copied letter by letter; another one stands for `width[i]` characters of the source as a whole,
    so that whoever touches it touches all of them.
    """

    at: tuple[int, ...] = ()
    origin: tuple[int, ...] = ()
    width: tuple[int, ...] = ()

    def back(self, start: int, end: int) -> tuple[int, int]:
        """The source's stretch for `[start, end)` of the rewritten text; what was left out inside belongs to it."""
        if not self.at or start >= end:
            return start, end
        return self._first(start), self._last(end - 1)

    def changed(self, start: int, end: int) -> bool:
        """Whether any piece that was not copied letter by letter is touched by `[start, end)`."""
        first, last = bisect_right(self.at, start) - 1, bisect_right(self.at, max(start, end - 1)) - 1
        return any(self.width[max(0, first) : last + 1])

    def _first(self, position: int) -> int:
        index = bisect_right(self.at, position) - 1
        if index < 0:
            return position
        return self.origin[index] + (0 if self.width[index] else position - self.at[index])

    def _last(self, position: int) -> int:
        index = bisect_right(self.at, position) - 1
        if index < 0:
            return position + 1
        return self.origin[index] + (self.width[index] or position - self.at[index] + 1)


SAME = OffsetMap()


class Weaver:
    """Builds a rewritten text and its map, piece by piece in order of the source."""

    __slots__ = ("_at", "_length", "_origin", "_pieces", "_width")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._at: list[int] = []
        self._origin: list[int] = []
        self._width: list[int] = []
        self._length = 0

    def copy(self, text: str, origin: int) -> None:
        """`text`, which stands letter by letter at `origin` of the source (or has the same length as what stands there)."""
        self._add(text, origin, 0)

    def stand_for(self, text: str, origin: int, width: int) -> None:
        """`text` in place of `width` (1 or more) characters of the source."""
        self._add(text, origin, width)

    def woven(self) -> tuple[str, OffsetMap]:
        return "".join(self._pieces), OffsetMap(tuple(self._at), tuple(self._origin), tuple(self._width))

    def _add(self, text: str, origin: int, width: int) -> None:
        if text:
            self._pieces.append(text)
            self._at.append(self._length)
            self._origin.append(origin)
            self._width.append(width)
            self._length += len(text)
