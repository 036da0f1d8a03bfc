"""Placeholders back to text, whole or in chunks: one scanner, no regular expression over replaced text, one pass.

Pseudonyms come back in the same pass, as whole words in the text between placeholders; what was put in is not looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from tidegate.privacy.placeholders import MAX_LENGTH, Incomplete, Placeholder, placeholder_at


@dataclass(frozen=True, slots=True)
class StandIns:
    """Pseudonyms and what they stand for. `shape` matches any of them as whole words; None when there are none."""

    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    shape: re.Pattern[str] | None = None
    longest: int = 0

    @classmethod
    def of(cls, values: Mapping[str, str]) -> StandIns:
        if not values:
            return NONE
        words = "|".join(re.escape(word) for word in sorted(values, key=len, reverse=True))
        return cls(
            MappingProxyType(dict(values)),
            re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])"),
            max(map(len, values)),
        )

    def put_back(self, text: str, before: str) -> str:
        """`text` with the real values; `before` is the character that stood before it."""
        if self.shape is None or not text:
            return text
        whole, position = before + text, len(before)
        pieces: list[str] = []
        for found in self.shape.finditer(whole, position):  # sees `before`, but never begins in it
            pieces += (whole[position : found.start()], self.values[found[0]])
            position = found.end()
        return "".join((*pieces, whole[position:]))

    def undecided(self, text: str, before: str) -> int:
        """From where on `text` could be the beginning of a stand-in: nothing after it may be given out yet."""
        if self.shape is None:
            return len(text)
        for start in range(max(0, len(text) - self.longest), len(text)):
            ahead = text[start - 1] if start else before
            if not (ahead.isalnum()) and any(word.startswith(text[start:]) for word in self.values):
                return start
        return len(text)


NONE = StandIns()


class Source(Protocol):
    """Where values come from: a vault."""

    @property
    def stand_ins(self) -> StandIns:
        """The pseudonyms in use."""
        ...

    def exact(self, name: str) -> str | None:
        """The value of a placeholder in canonical form, or None when there is no such one."""
        ...

    def lookup(self, found: Placeholder) -> str:
        """The value of a placeholder in any form. Raises ForeignPlaceholder."""
        ...


def restore(text: str, source: Source) -> str:
    """`text` with each placeholder replaced by its value; replaced text is not scanned again."""
    pieces, _, _ = _replace(text, source, "", final=True)
    return "".join(pieces)


class Restorer:
    """The same, incrementally: `feed` what arrives, `close` at the end; the joined results equal `restore` of it all.

    Holds back at most MAX_LENGTH characters, or the longest pseudonym where that is longer. Raises what `lookup` raises; after that it must not be
    fed again.
    """

    __slots__ = ("_before", "_rest", "_source")

    def __init__(self, source: Source) -> None:
        self._source = source
        self._rest = ""
        self._before = ""  # the character before the rest: whether a word begins there

    def feed(self, chunk: str) -> str:
        """The text that is certain by now."""
        pieces, self._rest, self._before = _replace(
            self._rest + chunk, self._source, self._before, final=False
        )
        return "".join(pieces)

    def close(self) -> str:
        """What was held back."""
        pieces, self._rest, self._before = _replace(self._rest, self._source, self._before, final=True)
        return "".join(pieces)

    @property
    def held_back(self) -> int:
        """Characters waiting for a decision."""
        return len(self._rest)


def _replace(text: str, source: Source, before: str, *, final: bool) -> tuple[list[str], str, str]:
    """(what is certain, what is not, the character before that).

    Each opening bracket is looked at once: most are followed by no letter (`[1]`) and cost one comparison; nearly every placeholder
    is in canonical form and costs one look into a table. Only the others are parsed.
    """
    stand_ins = source.stand_ins
    exact = source.exact
    plain = stand_ins.shape is None
    pieces: list[str] = []
    position, stop = 0, len(text)

    def between(start: int, end: int) -> str:
        return (
            text[start:end]
            if plain
            else stand_ins.put_back(text[start:end], text[start - 1] if start else before)
        )

    opening = text.find("[")
    while opening >= 0:
        ahead = text[opening + 1 : opening + 2]
        if ahead and not ahead.isalpha():
            opening = text.find("[", opening + 1)
            continue
        closing = text.find("]", opening, opening + MAX_LENGTH)
        value = exact(text[opening : closing + 1]) if closing >= 0 else None
        if value is not None:
            pieces += (between(position, opening), value)
            position = closing + 1
        else:
            found = placeholder_at(text, opening, position, final=final)
            if isinstance(found, Incomplete):
                stop = found.start
                break
            if found is not None:
                pieces += (between(position, found.start), source.lookup(found))
                position = found.end
        opening = text.find("[", max(position, opening + 1))
    if not final and stop == len(text):  # before a bracket no stand-in goes on
        if text.endswith("\\"):
            stop = max(position, len(text) - 1)  # it may escape a bracket
        else:
            ahead = text[position - 1] if position else before
            stop = position + stand_ins.undecided(text[position:], ahead)
    pieces.append(between(position, stop))
    return pieces, text[stop:], text[stop - 1] if stop else before
