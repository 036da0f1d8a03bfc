"""Which of many words and shapes occur in a text: a few passes of automata over it, however many words there are.

Every detector names the words without which it finds nothing. RE2 joins them into deterministic automata, so that a text is read
at a hundred megabytes a second and most detectors never look at it. All words are one automaton, shapes that count nothing another;
shapes that count are dealt out over several, because the states of two that count are multiplied, not added.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from tidegate.errors import Broken
from tidegate.privacy import linear

_DEALT = 3  # automata for shapes that count, beside one for the one that counts most
_MOST_LISTS = 4096  # of words that are remembered parted


class Prefilter:
    """`words` are lower case and taken letter by letter; `shapes` are RE2 expressions over lower-case text."""

    __slots__ = ("_beyond", "_sets", "_split", "known")

    def __init__(self, words: Iterable[str], shapes: Iterable[str] = ()) -> None:
        literal, every = tuple(sorted(set(words))), sorted(set(shapes))
        plain = tuple(shape for shape in every if "{" not in shape)
        counting = sorted((shape for shape in every if "{" in shape), key=lambda shape: -shape.count("{"))
        dealt = (tuple(counting[:1]), *(tuple(counting[first::_DEALT]) for first in range(1, _DEALT + 1)))
        self.known = frozenset((*literal, *every))
        # Words with letters beyond ASCII apart: most texts hold none, and the bytes of many scripts make an automaton wide and slow.
        ascii_words, beyond = (
            tuple(word for word in literal if word.isascii() is plain) for plain in (True, False)
        )
        self._beyond = _words(beyond) if beyond else None
        self._sets = (
            _words(ascii_words),
            *((linear.ManyExpressions(names), names) for names in (plain, *dealt) if names),
        )
        self._split: dict[tuple[str, ...], tuple[frozenset[str], tuple[str, ...]]] = {}

    def present(self, lower: str) -> frozenset[str]:
        """The words and shapes that occur in `lower`. Raises Broken when the automaton gave up: then nothing may leave."""
        text = lower.encode("utf-8", "surrogatepass")
        present: list[str] = []
        sets = self._sets if self._beyond is None or lower.isascii() else (*self._sets, self._beyond)
        for automaton, names in sets:
            found = automaton.found(text)
            if found is None:
                raise Broken("the word automaton ran out of memory", code="prefilter_failed")
            present += [names[index] for index in found]
        return frozenset(present)

    def split(self, words: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
        """Those of some words that are known here, and the others. Remembered: detectors ask with the same words for every text."""
        found = self._split.get(words)
        if found is None:
            if len(self._split) >= _MOST_LISTS:
                self._split.clear()
            others = tuple(word for word in words if word not in self.known)
            found = self._split[words] = (frozenset(words) & self.known, others)
        return found


def _words(words: tuple[str, ...]) -> tuple[linear.ManyExpressions, tuple[str, ...]]:
    return linear.ManyExpressions([linear.escape(word) for word in words]), words


@cache
def prefilter(words: frozenset[str], shapes: frozenset[str]) -> Prefilter:
    """One automaton per set of words in a process: building one costs 20 ms."""
    return Prefilter(words, shapes)
