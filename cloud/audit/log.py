"""An append-only log whose every entry fixes all entries before it. Pure: bytes in, bytes out; the store keeps them.

Leaf hash as in RFC 6962: SHA-256(0x00 || entry). Head: SHA-256(0x01 || head before || leaf), the head before the first
entry is 32 zero bytes. An entry is canonical JSON of codes, ids, counts and digests: no text of a request or an answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import msgspec

EMPTY_HEAD = bytes(32)


class Kind(StrEnum):
    RELEASED = "released"
    HELD = "held"
    REJECTED = "rejected"
    DECIDED = "decided"  # a person's decision on a held case
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"  # the device took a held case back before anybody had decided it
    OPERATOR = "operator"  # an account was made or changed


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as stored. `index` counts from 0; `body` is what was hashed; `head` is the chain's head after it."""

    index: int
    body: bytes
    head: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The state of a log of `size` entries."""

    size: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Damage:
    """The first place where the log is not what was written. `what` is a closed word."""

    index: int
    what: str


def encode(facts: dict[str, str | int | bool | list[str]]) -> bytes:
    """The canonical bytes of an entry: JSON, keys sorted, no spaces."""
    return msgspec.json.encode(facts, order="sorted")


def leaf(body: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + body).digest()


def chain(head: bytes, body: bytes) -> bytes:
    """The head after `body` is appended to a log whose head was `head`."""
    return hashlib.sha256(b"\x01" + head + leaf(body)).digest()


def verify(entries: Iterable[Entry], *, anchors: Iterable[Head] = ()) -> Head | Damage:
    """Recomputes the chain; each anchor (a signed head or a receipt seen earlier) must lie on it. First damage wins."""
    wanted: dict[int, set[bytes]] = {}
    for anchor in anchors:
        wanted.setdefault(anchor.size, set()).add(anchor.value)
    head, size = EMPTY_HEAD, 0
    for entry in entries:
        if entry.index != size:
            return Damage(size, "missing")
        head = chain(head, entry.body)
        size += 1
        if head != entry.head:
            return Damage(entry.index, "changed")
        if any(value != head for value in wanted.pop(size, set())):
            return Damage(entry.index, "rewritten")
    if any(size_seen > size for size_seen in wanted):
        return Damage(size, "truncated")
    if any(value != EMPTY_HEAD for value in wanted.get(0, set())):
        return Damage(0, "rewritten")
    return Head(size, head)
