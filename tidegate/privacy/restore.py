"""Placeholders back to text, whole or in chunks: one scanner, no regular expression over replaced text, one pass."""

from __future__ import annotations

from collections.abc import Callable

from tidegate.privacy.placeholders import Incomplete, Placeholder, next_placeholder

Lookup = Callable[[Placeholder], str]


def restore(text: str, lookup: Lookup) -> str:
    """`text` with each placeholder replaced by what `lookup` gives; replaced text is not scanned again."""
    pieces, _ = _replace(text, lookup, final=True)
    return "".join(pieces)


class Restorer:
    """The same, incrementally: `feed` what arrives, `close` at the end; the joined results equal `restore` of the joined input.

    Holds back at most MAX_LENGTH characters. Raises what `lookup` raises; after that it must not be fed again.
    """

    __slots__ = ("_lookup", "_rest")

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._rest = ""

    def feed(self, chunk: str) -> str:
        """The text that is certain by now."""
        pieces, self._rest = _replace(self._rest + chunk, self._lookup, final=False)
        return "".join(pieces)

    def close(self) -> str:
        """What was held back."""
        pieces, self._rest = _replace(self._rest, self._lookup, final=True)
        return "".join(pieces)

    @property
    def held_back(self) -> int:
        """Characters waiting for a decision."""
        return len(self._rest)


def _replace(text: str, lookup: Lookup, *, final: bool) -> tuple[list[str], str]:
    pieces: list[str] = []
    position = 0
    while True:
        match next_placeholder(text, position, final=final):
            case Placeholder() as found:
                pieces.append(text[position : found.start])
                pieces.append(lookup(found))
                position = found.end
            case Incomplete(start):
                pieces.append(text[position:start])
                return pieces, text[start:]
            case None:
                pieces.append(text[position:])
                return pieces, ""
