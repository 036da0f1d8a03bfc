"""A turn as it lies on disk: AES-256-GCM under a key derived from the device's, bound to its place.

The associated data are the turn's id, application, conversation, predecessor and moment: a row that was moved to another
application, conversation or time does not open. Nonces are random (96 bits): one key is good for 2^32 turns
(NIST SP 800-38D, section 8.3), far beyond what a device writes.
"""

from __future__ import annotations

import struct
from dataclasses import replace

import msgspec

from edge.memory.rules import Turn
from edge.ports import Source
from tidegate.chat import Message
from tidegate.errors import Untrusted

PURPOSE = "memory"  # of the key: see edge.device_key
NONCE_BYTES = 12
_MAGIC = b"TGM1"


class _Content(msgspec.Struct, frozen=True, array_like=True):
    """What is encrypted."""

    sent: tuple[Message, ...]
    reply: Message | None
    source: Source
    named: str
    page: bytes


def seal(turn: Turn, key: bytes, nonce: bytes) -> bytes:
    """The private half of a turn. `nonce`: 12 fresh random bytes."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    clear = msgspec.msgpack.encode(_Content(turn.sent, turn.reply, turn.source, turn.named, turn.page))
    return _MAGIC + nonce + AESGCM(key).encrypt(nonce, clear, _place(turn))


def unseal(place: Turn, sealed: bytes, key: bytes) -> Turn:
    """`place` with its private half. Raises Untrusted: altered, moved, or sealed by another device."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    start = len(_MAGIC) + NONCE_BYTES
    try:
        if not sealed.startswith(_MAGIC):
            raise ValueError
        clear = AESGCM(key).decrypt(sealed[len(_MAGIC) : start], sealed[start:], _place(place))
        found = msgspec.msgpack.decode(clear, type=_Content)
    except (InvalidTag, ValueError) as wrong:
        raise Untrusted(
            "a remembered turn does not open: it was altered, or is another device's",
            code="memory_altered",
            hint="delete that conversation, or restore a backup",
        ) from wrong
    return replace(
        place, sent=found.sent, reply=found.reply, source=found.source, named=found.named, page=found.page
    )


def _place(turn: Turn) -> bytes:
    """Where a turn stands, unambiguously: each part with its length in front."""
    parts = (turn.id, turn.application, turn.conversation, turn.parent)
    told = b"".join(len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in parts))
    return _MAGIC + told + struct.pack(">d", turn.at)
