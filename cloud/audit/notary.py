"""What signs: receipts for devices and the head of the audit log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from cloud.audit.log import Head
from cloud.ports import CheckResult, Proposal, Receipt
from tidegate.ids import CaseId, DeviceId, RequestId


@dataclass(frozen=True, slots=True)
class Facts:
    """What a receipt states, before it is signed. Digests are 32 bytes; `issued_at` is seconds since 1970 UTC."""

    case: CaseId
    device: DeviceId
    request_id: RequestId
    revision: int
    request_digest: bytes
    reply_digest: bytes
    policy_digest: bytes
    model_digest: bytes
    results: tuple[CheckResult, ...] = field(default=())
    audit_index: int = 0
    audit_head: bytes = b""
    issued_at: int = 0
    reviewed: bool = False


class Notary(Protocol):
    """The cloud's Ed25519 key, behind what it is used for."""

    @property
    def public_key(self) -> bytes: ...

    def reply_digest(self, proposal: Proposal) -> bytes:
        """SHA-256 over what the device gets: text, calls, citations, model."""
        ...

    def receipt(self, facts: Facts) -> Receipt: ...

    def seal(self, head: Head) -> bytes:
        """A signature over size and head of the audit log."""
        ...

    def sealed(self, head: Head, signature: bytes) -> bool: ...
