"""A text prepared once for every pattern: hidden characters folded away, offsets kept, shared facts computed on demand."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache, cached_property

from tidegate.privacy.fold import fold
from tidegate.privacy.prefilter import Prefilter

_SHORT = 4  # `nit` is a tax number, `units` is none
# Bytes of UTF-8: letters of ASCII and all beyond it as they are, everything else a space.
_LETTERS = bytes(code if code >= 128 or chr(code).isalpha() else ord(" ") for code in range(256))
_NUMBER = re.compile(r"[0-9]+")
_TOKEN = re.compile(r"[A-Za-z0-9]{17,}")


class Document:
    """`text` is what patterns match; `original(start, end)` gives the offsets in the text as it came (code points).

    With a `prefilter`, what it knows is looked for once for all detectors.
    """

    __dict__: dict[str, object]

    def __init__(self, source: str, prefilter: Prefilter | None = None) -> None:
        self.source = source
        self.text, self.offsets = fold(source)
        self._prefilter = prefilter
        self._places: dict[int, tuple[tuple[str, ...], tuple[int, ...]]] = {}

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` stands in the source; hidden characters inside belong to it."""
        return self.offsets.back(start, end)

    @cached_property
    def lower(self) -> str:
        """`text` in lower case, same length (characters whose lower case is longer stay)."""
        lowered = self.text.lower()
        if len(lowered) == len(self.text):
            return lowered
        return "".join(c.lower() if len(c.lower()) == 1 else c for c in self.text)

    @cached_property
    def present(self) -> frozenset[str]:
        """What the prefilter knows and the text holds. Raises Broken when it gave up."""
        return self._prefilter.present(self.lower) if self._prefilter is not None else frozenset()

    @cached_property
    def has_digit(self) -> bool:
        return bool(self.numbers)

    @cached_property
    def numbers(self) -> tuple[tuple[int, int], ...]:
        """Where digits stand: the places from which dates, addresses and ids are read. Rare in ordinary text, so cheap."""
        return tuple(match.span() for match in _NUMBER.finditer(self.text))

    @cached_property
    def tokens(self) -> tuple[tuple[int, int], ...]:
        """Where 17 or more ASCII letters and digits stand in a row: keys, addresses of crypto currencies, vehicle numbers."""
        return tuple(match.span() for match in _TOKEN.finditer(self.text))

    @cached_property
    def runs(self) -> frozenset[str]:
        """The words of the text in lower case: letters and nothing but letters, with none before and none behind."""
        lower = self.lower
        apart = lower.encode("utf-8", "surrogatepass").translate(_LETTERS).decode("utf-8", "surrogatepass")
        found = set(apart.split())
        if not lower.isascii():
            for run in [run for run in found if not run.isalpha()]:
                found.update("".join(c if c.isalpha() else " " for c in run).split())
        return frozenset(found)

    def has_word(self, *words: str) -> bool:
        """Whether any of the words (lower case) occurs, as a part of a word too."""
        if self._prefilter is None:
            return any(word in self.lower for word in words)
        known, others = self._prefilter.split(words)
        return not known.isdisjoint(self.present) or any(word in self.lower for word in others)

    def having(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the words that occur."""
        if self._prefilter is None:
            return tuple(word for word in words if word in self.lower)
        known, others = self._prefilter.split(words)
        if not others and known.isdisjoint(self.present):
            return ()
        return tuple(
            word for word in words if (word in self.present if word in known else word in self.lower)
        )

    def has_shape(self, shape: str) -> bool:
        """Whether an RE2 shape of the prefilter occurs; True when nobody looked."""
        known = self._prefilter is not None and shape in self._prefilter.known
        return not known or shape in self.present

    def near(self, words: tuple[str, ...], start: int, end: int) -> bool:
        """Whether any of the words begins in `text[start:end]`, words of up to four letters as whole words only.

        Their places are found once, then by bisection.
        """
        places = self.places(words)
        if not places:
            return False
        index = bisect_left(places, start)
        return index < len(places) and places[index] < end

    def places(self, words: tuple[str, ...]) -> tuple[int, ...]:
        """Where any of the words begins, in order; words of up to four letters as whole words only.

        Remembered by the tuple itself, which is held so that its identity stays its own: comparing hundreds of words costs more.
        """
        known = self._places.get(id(words))
        if known is None:
            known = self._places[id(words)] = (words, tuple(sorted(self._all_places(words))))
        return known[1]

    def _all_places(self, words: tuple[str, ...]) -> set[int]:
        short, others = _parted(words)
        found: set[int] = set()
        for word in (*(short & self.runs), *self.having(others)):
            at = self.lower.find(word)
            while at >= 0:
                if len(word) > _SHORT or not self._in_word(at, at + len(word)):
                    found.add(at)
                at = self.lower.find(word, at + 1)
        return found

    def _in_word(self, start: int, end: int) -> bool:
        lower = self.lower
        return lower[start - 1 : start].isalpha() or lower[end : end + 1].isalpha()

    def before(self, position: int, width: int = 40) -> str:
        """Up to `width` lower-case characters before `position`, same line."""
        stretch = self.lower[max(0, position - width) : position]
        return stretch[stretch.rfind("\n") + 1 :]

    def lead(self, position: int, width: int = 40) -> str:
        """`before`, or the line above where nothing but space stands before `position`: a form puts the name over its field."""
        here = self.before(position, width)
        if here.strip(" \t\"'>|*-"):
            return here
        above = position - len(here) - 1
        return (
            self.before(above, width).rstrip() + " " + here
            if above > 0 and self.text[above] == "\n"
            else here
        )

    def after(self, position: int, width: int = 40) -> str:
        """Up to `width` lower-case characters from `position` on, same line."""
        return self.lower[position : position + width].split("\n", 1)[0]

    def around(self, start: int, end: int, width: int = 40) -> str:
        return f"{self.before(start, width)} {self.after(end, width)}"

    def free(self, start: int, end: int) -> bool:
        """Whether `text[start:end]` is not part of a longer word or number: no letter, digit or underscore touches it."""
        text = self.text
        if start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_"):
            return False
        return end >= len(text) or not (text[end].isalnum() or text[end] == "_")


@cache
def _parted(words: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Those that count as whole words only and are nothing but letters, so that a look at the words of a text tells; and the others."""
    short = frozenset(word for word in words if len(word) <= _SHORT and word.isalpha())
    return short, tuple(word for word in words if word not in short)
