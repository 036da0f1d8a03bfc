"""The egress ledger: what left this device, each record fixed by the one before it. Rules only; edge.store keeps the rows.

hash(n) = SHA-256(hash(n-1) || fields of n, each with its length in front). Changing, removing or swapping a record breaks
every hash after it. The last record is sealed with a key of this device, so cutting records off the end shows as well
(to anybody who does not also hold that key).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from edge.routing.plan import Why
from tidegate.chat import JSON
from tidegate.clock import rfc3339
from tidegate.errors import Untrusted
from tidegate.ids import RequestId
from tidegate.privacy.spans import Label

GENESIS = bytes(32)
CHANGED = "the records before it stand; keep this copy for whoever looks into it, and compare it with an export or a backup"
CUT = "records are missing at its end, or the key is another; compare it with an export or a backup"


class Kind(StrEnum):
    SENT = "sent"  # these bytes left
    RECEIPT = "receipt"  # the cloud signed for them
    RESTORED = "restored"  # nothing left: the state folder was restored here, and its `digest` is that of the backup's manifest


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the ledger. Digests, counts and enums: never text."""

    at: int  # seconds since 1970 UTC
    kind: Kind
    request_id: RequestId
    digest: bytes  # SHA-256 of the bytes that left
    size: int  # bytes
    entities: Mapping[Label, int]  # how many private values were replaced, by label
    policy: str
    why: Why
    receipt: bytes = b""  # SHA-256 of the receipt
    seq: int = 0
    hash: bytes = field(default=b"", repr=False)


class Book(Protocol):
    """Where records lie. `append` is on disk when it returns; raises Exhausted when the disk is full.

    A receipt that is there already (the same answer came twice) is not written again.
    """

    def append(self, record: Record) -> Record: ...

    def records(self) -> Iterable[Record]: ...


def chained(record: Record, before: Record | None) -> Record:
    """The record with its place and its hash."""
    placed = replace(record, seq=before.seq + 1 if before else 1)
    return replace(placed, hash=_hash(placed, before.hash if before else GENESIS))


def seal(key: bytes, last: Record | None) -> bytes:
    """What proves the end of the ledger to whoever holds the device's key."""
    return hmac.digest(
        key, b"end" + _number(last.seq if last else 0) + (last.hash if last else GENESIS), "sha256"
    )


def verify(records: Iterable[Record], key: bytes, sealed: bytes) -> int:
    """Walks the whole chain and returns how many records stand. Raises Untrusted naming the first that does not."""
    last: Record | None = None
    for record in records:
        if chained(record, last) != record:
            raise Untrusted(
                f"the egress ledger was changed at record {last.seq + 1 if last else 1}",
                code="ledger_tampered",
                hint=CHANGED,
            )
        last = record
    if not hmac.compare_digest(seal(key, last), sealed):
        raise Untrusted(
            f"the egress ledger ends at record {last.seq if last else 0}, which is not its sealed end",
            code="ledger_truncated",
            hint=CUT,
        )
    return last.seq if last else 0


def told(record: Record) -> dict[str, JSON]:
    """A record for programs: digests in hex."""
    return {
        "seq": record.seq,
        "at": rfc3339(record.at),
        "kind": record.kind,
        "request": record.request_id,
        "sha256": record.digest.hex(),
        "bytes": record.size,
        "entities": {str(label): count for label, count in record.entities.items()},
        "policy": record.policy,
        "why": record.why,
        "receipt": record.receipt.hex() or None,
        "hash": record.hash.hex(),
    }


def _hash(record: Record, before: bytes) -> bytes:
    parts = (
        _number(record.seq),
        _number(record.at),
        record.kind.encode(),
        record.request_id.encode(),
        record.digest,
        _number(record.size),
        ",".join(f"{label}={count}" for label, count in sorted(record.entities.items())).encode(),
        record.policy.encode(),
        record.why.encode(),
        record.receipt,
    )
    digest = hashlib.sha256(before)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def _number(value: int) -> bytes:
    return value.to_bytes(8, "big", signed=True)
