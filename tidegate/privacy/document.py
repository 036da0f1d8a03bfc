"""A text prepared once for every pattern: hidden characters folded away, offsets kept, shared facts computed on demand."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import cached_property

# Invisible: soft hyphen, grapheme joiner, zero-width, bidi marks and embeddings, word joiner, BOM, variation selectors.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]+"
)
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_LOOK_ALIKE = {
    **{ord(c): " " for c in _SPACES},
    **{ord(c): "-" for c in _DASHES},
    **{0xFF01 + i: chr(0x21 + i) for i in range(94)},  # full-width ASCII
    0x3002: ".", 0xFF61: ".", 0x2024: ".", 0xFE52: ".",
    0x2019: "'", 0x2018: "'", 0x201C: '"', 0x201D: '"',
}  # fmt: skip
_FOLDABLE = re.compile(f"[{''.join(map(chr, _LOOK_ALIKE))}]")
_NON_ASCII_DIGIT = re.compile(r"[^\D0-9]")
_NUMBER = re.compile(r"[0-9]+")


class Document:
    """`text` is what patterns match; `original(start, end)` gives the offsets in the text as it came (code points)."""

    __dict__: dict[str, object]

    def __init__(self, source: str) -> None:
        self.source = source
        self.text, self._kept = _fold(source)

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` stands in the source; hidden characters inside belong to it."""
        if not self._kept or start >= end:
            return start, end
        return start + self._shift(start), end - 1 + self._shift(end - 1) + 1

    def _shift(self, position: int) -> int:
        """How many characters were left out before `position`."""
        index = bisect_right(self._kept, position, key=lambda pair: pair[0]) - 1
        return self._kept[index][1] if index >= 0 else 0

    @cached_property
    def lower(self) -> str:
        """`text` in lower case, same length (characters whose lower case is longer stay)."""
        lowered = self.text.lower()
        if len(lowered) == len(self.text):
            return lowered
        return "".join(c.lower() if len(c.lower()) == 1 else c for c in self.text)

    @cached_property
    def has_digit(self) -> bool:
        return bool(self.numbers)

    @cached_property
    def numbers(self) -> tuple[tuple[int, int], ...]:
        """Where digits stand: the places from which dates, addresses and ids are read. Rare in ordinary text, so cheap."""
        return tuple(match.span() for match in _NUMBER.finditer(self.text))

    def has_word(self, *words: str) -> bool:
        """Whether any of the words (lower case) occurs, as a part of a word too."""
        return any(word in self.lower for word in words)

    def before(self, position: int, width: int = 40) -> str:
        """Up to `width` lower-case characters before `position`, same line."""
        stretch = self.lower[max(0, position - width) : position]
        return stretch[stretch.rfind("\n") + 1 :]

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


def _fold(source: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The folded text, and (position in it, characters left out before) for each place where some were left out."""
    if source.isascii():
        return source, ()
    text = source.translate(_LOOK_ALIKE) if _FOLDABLE.search(source) else source
    if _NON_ASCII_DIGIT.search(text):
        text = _NON_ASCII_DIGIT.sub(lambda m: str(unicodedata.decimal(m[0])), text)
    if not _INVISIBLE.search(text):
        return text, ()
    pieces: list[str] = []
    kept: list[tuple[int, int]] = []
    position = left_out = length = 0
    for match in _INVISIBLE.finditer(text):
        pieces.append(text[position : match.start()])
        length += match.start() - position
        left_out += match.end() - match.start()
        kept.append((length, left_out))
        position = match.end()
    pieces.append(text[position:])
    return "".join(pieces), tuple(kept)
