"""Placeholders back to text, whole or in chunks: one scanner, no regular expression over replaced text, one pass."""

from __future__ import annotations

from typing import Protocol

from tidegate.privacy.placeholders import MAX_LENGTH, Incomplete, Placeholder, next_placeholder


class Source(Protocol):
    """Where values come from: a vault."""

    def exact(self, name: str) -> str | None:
        """The value of a placeholder in canonical form, or None when there is no such one."""
        ...

    def lookup(self, found: Placeholder) -> str:
        """The value of a placeholder in any form. Raises ForeignPlaceholder."""
        ...


def restore(text: str, source: Source) -> str:
    """`text` with each placeholder replaced by its value; replaced text is not scanned again."""
    pieces, _ = _replace(text, source, final=True)
    return "".join(pieces)


class Restorer:
    """The same, incrementally: `feed` what arrives, `close` at the end; the joined results equal `restore` of it all.

    Holds back at most MAX_LENGTH characters. Raises what `lookup` raises; after that it must not be fed again.
    """

    __slots__ = ("_rest", "_source")

    def __init__(self, source: Source) -> None:
        self._source = source
        self._rest = ""

    def feed(self, chunk: str) -> str:
        """The text that is certain by now."""
        pieces, self._rest = _replace(self._rest + chunk, self._source, final=False)
        return "".join(pieces)

    def close(self) -> str:
        """What was held back."""
        pieces, self._rest = _replace(self._rest, self._source, final=True)
        return "".join(pieces)

    @property
    def held_back(self) -> int:
        """Characters waiting for a decision."""
        return len(self._rest)


def _replace(text: str, source: Source, *, final: bool) -> tuple[list[str], str]:
    pieces: list[str] = []
    position = 0
    while True:
        opening = text.find("[", position)
        if opening >= 0:  # nearly every placeholder is in canonical form: one look into a table, no parsing
            closing = text.find("]", opening, opening + MAX_LENGTH)
            value = source.exact(text[opening : closing + 1]) if closing >= 0 else None
            if value is not None:
                pieces += (text[position:opening], value)
                position = closing + 1
                continue
        match next_placeholder(text, position, final=final):
            case Placeholder() as found:
                pieces += (text[position : found.start], source.lookup(found))
                position = found.end
            case Incomplete(start):
                pieces.append(text[position:start])
                return pieces, text[start:]
            case None:
                pieces.append(text[position:])
                return pieces, ""
