"""What a composer is: a name, the kinds without which it need not look, and what it adds to a scene."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from tidegate.privacy.spans import Label, Span
from tidegate.privacy.views import is_escape


@dataclass(frozen=True)
class Scene:
    """A text and what was found in it, in order, never overlapping."""

    text: str
    spans: tuple[Span, ...]

    def of(self, *labels: Label) -> Iterator[Span]:
        return (span for span in self.spans if span.label in labels)

    def neighbours(self) -> Iterator[tuple[Span, Span]]:
        """Each span with the one after it."""
        return pairwise(self.spans)

    def between(self, one: Span, other: Span) -> str:
        return self.text[one.end : other.start]

    def free(self, start: int, end: int) -> bool:
        """Whether no span touches `text[start:end]`, and neither does a longer word."""
        text = self.text
        letter = start > 0 and text[start - 1].isalnum() and not is_escape(text, start - 1)
        if letter or (end < len(text) and text[end].isalnum()):
            return False
        last = bisect_left(self._starts, end) - 1
        return last < 0 or self.spans[last].end <= start

    def uncut(self, start: int, end: int) -> bool:
        """Whether every span that touches `text[start:end]` lies in it whole."""
        first = bisect_left(self._starts, start)
        if first and self.spans[first - 1].end > start:
            return False
        last = bisect_left(self._starts, end)
        return last == first or self.spans[last - 1].end <= end

    def inside(self, start: int, end: int) -> tuple[Span, ...]:
        """The spans that begin in `text[start:end]`."""
        return self.spans[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    def following(self, position: int) -> Span | None:
        """The first span at or behind a position."""
        index = bisect_left(self._starts, position)
        return self.spans[index] if index < len(self.spans) else None

    @cached_property
    def _starts(self) -> list[int]:
        return [span.start for span in self.spans]


@dataclass(frozen=True, slots=True)
class Composer:
    """`compose` gives spans to add; asked only where one of the kinds in `beside` was found."""

    name: str
    beside: frozenset[Label]
    compose: Callable[[Scene], Iterable[Span]]

    def wants(self, spans: Iterable[Span]) -> bool:
        return any(span.label in self.beside for span in spans)


def sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the sentence around `text[start:end]` begins and ends, looked for over a bounded stretch."""
    ends = [match.end() for match in _END.finditer(text, max(0, start - _LOOK), start)]
    opening = ends[-1] if ends else max(0, start - _LOOK)
    closing = _END.search(text, end, end + _LOOK)
    return opening, closing.start() if closing is not None else end + _LOOK


_END = re.compile(r"[.!?](?=\s|$)|\n")
_LOOK = 160  # characters of a sentence on each side


def added(name: str, start: int, end: int, label: Label, score: float = 0.6) -> Span:
    """A span that composer `name` adds."""
    return Span(start, end, label, score, f"beside:{name}")
