"""What of a draft can be told while it is being written: only text that the whole draft is sure to begin with. Pure.

Held back: bytes that are not yet a character; what may be the beginning of a stop string; and, when tools are offered, what
may be the beginning of a call, and everything from where one begins (a call that turns out broken becomes text again).
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence


class Telling:
    """One draft being told. `hear` it piece by piece; `tell` gets the text, each part once, in order."""

    def __init__(
        self,
        tell: Callable[[str], None],
        *,
        stop: Sequence[str] = (),
        marks: Sequence[str] = (),
        whole: str = "",
    ) -> None:
        """`marks`: the texts that begin a call, wherever they stand. `whole`: characters of which one begins a draft
        that is nothing but a call. With either, white space at an end is held back too: calls take it away."""
        self._tell = tell
        self._stop = tuple(text for text in stop if text)
        self._marks = tuple(mark for mark in marks if mark)
        self._whole = whole
        self._reader = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._told = False  # something that is not white space
        self._over = False

    def hear(self, piece: bytes) -> None:
        """The bytes of one more token. A token that completes a stop string is not shown here."""
        if self._over:
            return
        self._held += self._reader.decode(piece)
        found = [at for mark in self._marks if (at := self._held.find(mark)) >= 0]
        if found:
            self._over = True
            self._give(min(found))
            return
        if not self._told and self._whole and self._held.lstrip()[:1] in tuple(self._whole):
            self._over = True
            return
        self._give(len(self._held) - self._unsure())

    def _give(self, until: int) -> None:
        text = self._held[:until]
        if self._marks or self._whole:
            text = text.rstrip()
        if text and (self._told or text.strip() or not (self._marks or self._whole)):
            self._tell(text)
            self._told = True
            self._held = self._held[len(text) :]

    def _unsure(self) -> int:
        """How many characters at the end may be the beginning of something that is not told."""
        held, size = self._held, len(self._held)
        surely = size  # up to here; what may begin further left is longer, so the leftmost counts
        for text in (*self._stop, *self._marks):
            at = held.find(text[0], max(0, size - len(text) + 1), surely)
            while at >= 0:
                if text.startswith(held[at:]):
                    surely = at
                    break
                at = held.find(text[0], at + 1, surely)
        return size - surely
