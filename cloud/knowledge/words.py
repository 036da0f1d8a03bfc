"""How much a text speaks in the words of a question: BM25 over word stems, as a share of the most that a text could have.

Robertson & Zaragoza 2009, with k1 = 1.2, b = 0.75 and the idf that is never negative. Pure.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from math import log

_WORD = re.compile(r"[^\W_]+")
_K1, _B = 1.2, 0.75
_SILENT = frozenset(
    """
    a an and are as at be been being by did do does for from had has have how in is it its many much of on or that the
    these this those to was were what when where which who whom whose why with
    """.split()
)
# (ending, letters that must be left): enough for English plurals and verb forms; both sides are cut alike.
_ENDINGS = (
    ("ies", 3),
    ("sses", 5),
    ("ing", 4),
    ("edly", 4),
    ("ed", 4),
    ("es", 4),
    ("s", 3),
    ("ly", 4),
)


def stems(text: str) -> list[str]:
    """The content words of a text, small and without endings, in order."""
    return [_stem(word) for word in map(str.casefold, _WORD.findall(text)) if word not in _SILENT]


def _stem(word: str) -> str:
    for ending, least in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= least:
            return word.removesuffix(ending)
    return word


class WordIndex:
    """BM25 over a fixed list of texts; a text's number is its place in that list."""

    def __init__(self, texts: Iterable[str]) -> None:
        counts = [Counter(stems(text)) for text in texts]
        lengths = [sum(count.values()) for count in counts]
        mean = sum(lengths) / max(1, len(lengths)) or 1.0
        self._length = [1 - _B + _B * length / mean for length in lengths]
        self._where: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, count in enumerate(counts):
            for word, times in count.items():
                self._where[word].append((number, times))

    def scores(self, question: str) -> Sequence[float]:
        """For every text, 0 to about 2: 1 is a text in which each word of the question stands once, none of them elsewhere."""
        found = [0.0] * len(self._length)
        most = 0.0
        for word in dict.fromkeys(stems(question)):
            places = self._where.get(word, [])
            weight = self._idf(len(places))
            most += weight
            for number, times in places:
                found[number] += weight * times * (_K1 + 1) / (times + _K1 * self._length[number])
        return [score / most for score in found] if most else found

    def _idf(self, texts: int) -> float:
        return log(1 + (len(self._length) - texts + 0.5) / (texts + 0.5))
