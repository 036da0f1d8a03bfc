"""What the engine computes next, and what it need not compute. Pure: tables in, decisions out.

Two ways to the same values. llama.cpp computes a call of `TILE` and more tokens of one sequence in tiles and a shorter one
row by row; the two differ in the last bits. So each prompt has a `head`, decided by its own text alone: positions before it
are always computed in tiles, those from it on always in rows, whatever is reused and whoever runs beside. That is why an
answer is the same to the byte alone, in company, on a cold and on a warm engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

TILE = 64
SPLIT = 256
"""From so many tokens on, several threads share the attention of one row; of several rows, each thread takes some whole."""
WORTH_A_COPY = 16
"""Tokens that a copy of a sequence must save: about what copying a whole context costs."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A request in a slot: `place` tokens of its sequence are fed, `pending` wait, the first of them to be `head`.

    `fed_at` is the step that fed it last. `waits` while another sequence reads what this one will copy.
    """

    slot: int
    place: int
    pending: int
    head: int
    fed_at: int
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One turn of the engine: a token to each of `write` (slots in rising order), then `count` tokens of the slot `read`.

    `read` is -1 when nobody has more than one token waiting.
    """

    write: tuple[int, ...]
    read: int = -1
    count: int = 0


def plan(seats: Sequence[Seat], room: int) -> Step:
    """Whoever writes gets a token in every step; of those who read, the one that has waited longest gets a piece.

    `room`: tokens in one call. While somebody writes, pieces are short, so that a long prompt does not stall the others.
    """
    write = tuple(sorted(s.slot for s in seats if not s.waits and s.pending == 1 and s.place >= s.head))
    readers = [s for s in seats if not s.waits and s.pending and not (s.pending == 1 and s.place >= s.head)]
    if not readers:
        return Step(write)
    first = min(readers, key=lambda s: (s.fed_at, s.slot))
    count = piece(first.place, first.pending, first.head, room, alone=not write)
    return Step(write, first.slot, count)


def piece(place: int, pending: int, head: int, room: int, *, alone: bool) -> int:
    """How many tokens to feed in one call. Never a tile of fewer than `TILE` tokens, never a row call of as many."""
    if place >= head:
        most = min(pending, TILE - 1, room)
        return most - 1 if pending - most == 1 and most > 2 else most  # a token left alone would need company
    left = head - place
    if left <= room and (alone or left < 2 * TILE):
        return left
    return min(room, left - TILE) if alone else TILE


def company(write: tuple[int, ...], lengths: Sequence[int], size: int) -> tuple[int, ...]:
    """Sequences that are fed a token for nothing, so that none of `write` is computed alone. In rising order.

    llama.cpp computes neighbouring sequences together. With weights of 16 or 32 bits, and beyond `SPLIT` tokens with more than
    one thread, it sums one row in another order than several: an answer would depend on whether somebody else is being
    answered. `lengths` of all sequences.
    """
    extra: set[int] = set()
    for slot in write:
        near = {slot - 1, slot + 1}
        if near & (extra | set(write)):
            continue
        fit = [n for n in sorted(near, reverse=True) if 0 <= n < len(lengths) and lengths[n] < size]
        extra.update(fit[:1])
    return tuple(sorted(extra))


def head_of(wanted: int, total: int, room: int) -> int:
    """The head that a prompt of `total` tokens gets when its text suggests `wanted`: none that cannot be computed in tiles."""
    head = min(wanted, total - 1)
    return head if head >= TILE and room >= 2 * TILE else 0


def reusable(common: int, held: int, held_head: int, head: int, total: int, *, forgets: bool = True) -> int:
    """How many tokens of a prompt need not be computed, given a sequence whose first `common` tokens are the same.

    `held` tokens are in the sequence, its own head was `held_head`. At least one token is always left: its logits are wanted.
    `forgets`: the model can drop the end of a sequence (recurrent ones cannot).
    """
    common = min(common, total - 1)
    if not forgets:
        return common if common == held else 0
    if head == held_head and common >= head:
        return common
    safe = min(common, head, held_head)
    return head if safe == head else max(0, min(safe, head - TILE))


@dataclass(frozen=True, slots=True)
class Holder:
    """A sequence as a newcomer sees it: how many of its tokens are `usable`, whether its slot is `free`.

    A `spare` has no slot; it only keeps a prefix. `used_at` is the step that used it last. `ready`: they are computed.
    """

    sequence: int
    usable: int
    free: bool
    used_at: int
    spare: bool = False
    ready: bool = True
    held: int = 0  # tokens in it


@dataclass(frozen=True, slots=True)
class Place:
    """Where a newcomer goes, how many tokens it finds there, and from which sequence they are copied first (-1: from none)."""

    slot: int
    usable: int
    source: int = -1
    ready: bool = True


def choose(holders: Sequence[Holder]) -> Place | None:
    """The slot that saves most work; None when none is free. A copy must save `WORTH_A_COPY` tokens to be made.

    A slot is gone on with in place when at least half of what it holds is of use: a few words that every prompt begins with are no
    reason to overwrite another's long prefix. Otherwise the newcomer goes to the slot that was used longest ago, the lowest of
    these (neighbours are computed together), and brings a copy.
    """
    free = [h for h in holders if h.free and not h.spare]
    if not free:
        return None
    own = max(free, key=lambda h: (h.usable, -h.sequence))
    best = max(holders, key=lambda h: (h.usable, h.ready, h.sequence == own.sequence))
    if own.usable and 2 * own.usable >= own.held and best.usable < own.usable + WORTH_A_COPY:
        return Place(own.sequence, own.usable)
    target = min(free, key=lambda h: (h.used_at, h.sequence))
    if best.sequence == target.sequence or best.usable < target.usable + WORTH_A_COPY:
        return Place(target.sequence, target.usable)
    return Place(target.sequence, best.usable, best.sequence, best.ready)
