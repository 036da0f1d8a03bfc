"""Receipts: what the cloud states about an answer, signed with Ed25519 (RFC 8032) and checked on the device before use.

The idempotency key (device, request, revision) is signed too but not sent: each side fills in the one it knows, so a
receipt taken from another request, or another device, does not verify.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tidegate.errors import BadConfig, Untrusted
from tidegate.fs import write_durably
from tidegate.ids import CaseId, DeviceId, RequestId
from tidegate.signing.canonical import canonical, digest

_RECEIPT = "tidegate/receipt/1"
_REPLY = "tidegate/reply/1"


@dataclass(frozen=True, slots=True)
class Statement:
    """Everything a receipt vouches for. Digests are SHA-256, 32 bytes; `issued_at` is seconds since 1970 UTC.

    `checks` are pairs of closed words, (check, outcome), in the verdict's order.
    """

    device: DeviceId
    request_id: RequestId
    revision: int
    case_id: CaseId
    request_digest: bytes
    reply_digest: bytes
    policy_digest: bytes
    model_digest: bytes
    checks: tuple[tuple[str, str], ...]
    audit_index: int
    audit_head: bytes
    issued_at: int
    reviewed: bool


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key pair. `key_id` names it in a receipt."""

    private: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    @property
    def key_id(self) -> str:
        return key_id(self.public)

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)


def key_id(public: bytes) -> str:
    """The first 16 hex digits of the SHA-256 of the raw public key."""
    return hashlib.sha256(public).hexdigest()[:16]


def new_signing_key() -> SigningKey:
    return SigningKey(Ed25519PrivateKey.generate())


def save_signing_key(path: Path, key: SigningKey) -> None:
    """Writes the 32 raw bytes, mode 0600."""
    write_durably(path, key.private.private_bytes_raw())


def load_signing_key(path: Path) -> SigningKey:
    """Raises BadConfig (`no_signing_key`)."""
    try:
        return SigningKey(Ed25519PrivateKey.from_private_bytes(path.read_bytes()))
    except (OSError, ValueError) as e:
        raise BadConfig(
            f"{path}: no usable Ed25519 key", code="no_signing_key", hint="run `tidegate fleet init`"
        ) from e


def sign_receipt(key: SigningKey, statement: Statement) -> bytes:
    """The signature (64 bytes) over the statement's canonical bytes."""
    return key.sign(statement_bytes(statement))


def verify_receipt(public: bytes, statement: Statement, signature: bytes, named_key: str) -> None:
    """Returns when the receipt is genuine. Raises Untrusted: `unknown_receipt_key` or `bad_receipt`."""
    if named_key != key_id(public):
        raise Untrusted("the receipt names a key this device does not know", code="unknown_receipt_key")
    if not signed_by(public, statement_bytes(statement), signature):
        raise Untrusted("the receipt does not match the answer; the answer was not used", code="bad_receipt")


def signed_by(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` over `message` was made by the holder of `public` (32 raw bytes)."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def statement_bytes(statement: Statement) -> bytes:
    """The canonical bytes of a statement, fields in the order of its definition."""
    s = statement
    return canonical(
        _RECEIPT,
        [
            s.device,
            s.request_id,
            s.revision,
            s.case_id,
            s.request_digest,
            s.reply_digest,
            s.policy_digest,
            s.model_digest,
            [word for pair in s.checks for word in pair],
            s.audit_index,
            s.audit_head,
            s.issued_at,
            int(s.reviewed),
        ],
    )


def reply_digest(
    text: str, calls: Iterable[tuple[str, str, str]], citations: Iterable[tuple[str, str, str]], model: str
) -> bytes:
    """SHA-256 over what the device gets: text, (id, name, arguments), (source, section, quote), model."""
    return digest(
        _REPLY,
        [text, [word for call in calls for word in call], [word for c in citations for word in c], model],
    )
