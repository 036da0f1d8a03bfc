"""One byte string per meaning, for digests and signatures: a domain, then each part with its length before it. Pure.

Lengths keep ("ab", "c") and ("a", "bc") apart; the domain keeps a signature made for one purpose from serving another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

Part = bytes | str | int


def canonical(domain: str, parts: Iterable[Part | Sequence[Part]]) -> bytes:
    """`domain` and `parts`, each as 4 bytes of length (big-endian) and its bytes.

    Text is UTF-8, whole numbers (0 .. 2^64 - 1) are 8 bytes big-endian, a list is its count followed by its items.
    """
    pieces = [_framed(domain.encode())]
    for part in parts:
        if isinstance(part, bytes | str | int):
            pieces.append(_framed(_bytes(part)))
        else:
            pieces.append(len(part).to_bytes(4, "big"))
            pieces.extend(_framed(_bytes(item)) for item in part)
    return b"".join(pieces)


def digest(domain: str, parts: Iterable[Part | Sequence[Part]]) -> bytes:
    """SHA-256 of the canonical bytes."""
    return hashlib.sha256(canonical(domain, parts)).digest()


def _bytes(part: Part) -> bytes:
    match part:
        case bytes():
            return part
        case str():
            return part.encode()
        case int():
            return part.to_bytes(8, "big")


def _framed(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content
