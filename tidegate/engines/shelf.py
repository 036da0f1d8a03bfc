"""What the sequences of a context hold: the prefixes of what was read and written in them, ready for whoever begins alike.

Used on the engine thread alone. What is worth reusing is decided in `tidegate.engines.schedule`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tidegate.engines.native import Context
from tidegate.engines.schedule import Holder, Place, reusable

Tokens = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Prefix:
    """A prompt, and how many of its tokens are computed in tiles (`schedule`)."""

    tokens: Tokens = field(repr=False)
    head: int


@dataclass(eq=False, slots=True)
class Sequence:
    """One sequence: `length` tokens are in it, its head, and the step that used it last. A `spare` has no slot."""

    number: int
    tokens: Tokens = field(repr=False)
    spare: bool
    length: int = 0
    head: int = 0
    used_at: int = 0

    def add(self, piece: Tokens | int, count: int) -> None:
        """The next `count` tokens are in it, too."""
        self.tokens[self.length : self.length + count] = piece
        self.length += count


class Shelf:
    """All sequences of a context. `forgets`: the model can drop the end of one (recurrent models cannot)."""

    def __init__(self, context: Context, *, spares: int, forgets: bool) -> None:
        self._context, self._forgets = context, forgets
        self.slots = context.sequences - spares
        self.all = [
            Sequence(i, np.zeros(context.size, np.int32), i >= self.slots) for i in range(context.sequences)
        ]

    @property
    def lengths(self) -> list[int]:
        return [one.length for one in self.all]

    def held(self, number: int, wanted: Prefix) -> tuple[int, int]:
        """How many tokens a sequence has in common with a prompt, and how many of them are of use."""
        one = self.all[number]
        alike = common(one.tokens[: one.length], wanted.tokens)
        return alike, reusable(
            alike, one.length, one.head, wanted.head, len(wanted.tokens), forgets=self._forgets
        )

    def holders(self, wanted: Prefix, taken: Mapping[int, Prefix | None]) -> Iterator[Holder]:
        """The sequences as a newcomer sees them. `taken`: slots at work, with the prompt that is still being read there."""
        for one in self.all:
            _, usable = self.held(one.number, wanted)
            ready, reading = True, taken.get(one.number)
            if reading is not None and self._forgets:
                alike = common(reading.tokens, wanted.tokens)
                coming = reusable(alike, len(reading.tokens), reading.head, wanted.head, len(wanted.tokens))
                usable, ready = (coming, False) if coming > usable else (usable, True)
            yield Holder(
                one.number, usable, one.number not in taken, one.used_at, one.spare, ready, one.length
            )

    def prepare(self, at: Place, wanted: Prefix, now: int) -> int:
        """Makes a slot's sequence hold exactly the part of a prompt that need not be computed; answers how much that is."""
        one = self.all[at.slot]
        if at.source >= 0:
            self._copy(self.all[at.source], one)
            self.all[at.source].used_at = now
        usable = at.usable
        if usable < one.length and not self._context.cut(one.number, usable):
            usable = 0
        one.length, one.head, one.used_at = usable, wanted.head, now
        return usable

    def keep(self, number: int, head: int, now: int) -> None:
        """Keeps a head that had to be computed in the spare sequence that was used longest ago."""
        spares = self.all[self.slots :]
        if not spares or not self._forgets or head == 0:
            return
        spare = min(spares, key=lambda one: one.used_at)
        self._copy(self.all[number], spare)
        self._context.cut(spare.number, head)
        spare.length = spare.head = head
        spare.used_at = now

    def forget(self, number: int) -> None:
        """What a sequence holds is not known any more."""
        self._context.cut(number, 0)
        self.all[number].length = 0

    def _copy(self, source: Sequence, target: Sequence) -> None:
        self._context.copy(source.number, target.number)
        target.tokens[: source.length] = source.tokens[: source.length]
        target.length = source.length


def common(held: Tokens, wanted: Tokens) -> int:
    """Length of the longest common prefix."""
    most = min(len(held), len(wanted))
    different = held[:most] != wanted[:most]
    at = int(different.argmax()) if most else 0
    return at if most and different[at] else most
