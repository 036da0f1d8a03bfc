"""Which of many words occur in a text: one pass of one automaton over it, however many words there are.

Every detector names the words without which it finds nothing. RE2 joins them all into one deterministic automaton, so that a
text is read once (hundreds of megabytes a second) and most detectors never look at it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from tidegate.errors import Broken
from tidegate.privacy import linear

_MOST_LISTS = 4096  # of words that are remembered parted


class Prefilter:
    """`words` are lower case and taken letter by letter; `shapes` are RE2 expressions over lower-case text."""

    __slots__ = ("_names", "_set", "_split", "known")

    def __init__(self, words: Iterable[str], shapes: Iterable[str] = ()) -> None:
        self._names = (*sorted(set(words)), *sorted(set(shapes)))
        self.known = frozenset(self._names)
        literal = len(set(words))
        expressions = [
            linear.escape(name) if index < literal else name for index, name in enumerate(self._names)
        ]
        self._set = linear.ManyExpressions(expressions)
        self._split: dict[tuple[str, ...], tuple[frozenset[str], tuple[str, ...]]] = {}

    def present(self, lower: str) -> frozenset[str]:
        """The words and shapes that occur in `lower`. Raises Broken when the automaton gave up: then nothing may leave."""
        found = self._set.found(lower)
        if found is None:
            raise Broken("the word automaton ran out of memory", code="prefilter_failed")
        names = self._names
        return frozenset([names[index] for index in found])

    def split(self, words: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
        """Those of some words that are known here, and the others. Remembered: detectors ask with the same words for every text."""
        found = self._split.get(words)
        if found is None:
            if len(self._split) >= _MOST_LISTS:
                self._split.clear()
            others = tuple(word for word in words if word not in self.known)
            found = self._split[words] = (frozenset(words) & self.known, others)
        return found


@cache
def prefilter(words: frozenset[str], shapes: frozenset[str]) -> Prefilter:
    """One automaton per set of words in a process: building one costs 20 ms."""
    return Prefilter(words, shapes)
