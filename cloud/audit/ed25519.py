"""cloud.audit.notary.Notary with an Ed25519 key file: receipts in the form devices verify, and signed log heads."""

from __future__ import annotations

from dataclasses import dataclass

from cloud.audit.log import Head
from cloud.audit.notary import Facts
from cloud.ports import Proposal, Receipt
from tidegate.signing.canonical import canonical
from tidegate.signing.receipts import SigningKey, Statement, reply_digest, sign_receipt, signed_by

_HEAD = "tidegate/audit-head/1"


@dataclass(frozen=True, slots=True)
class Ed25519Notary:
    key: SigningKey

    @property
    def public_key(self) -> bytes:
        return self.key.public

    def reply_digest(self, proposal: Proposal) -> bytes:
        return reply_digest(
            proposal.text,
            [(c.id, c.name, c.arguments) for c in proposal.tool_calls],
            [(c.source, c.section, c.quote) for c in proposal.citations],
            proposal.model,
        )

    def receipt(self, facts: Facts) -> Receipt:
        statement = Statement(
            device=facts.device,
            request_id=facts.request_id,
            revision=facts.revision,
            case_id=facts.case,
            request_digest=facts.request_digest,
            reply_digest=facts.reply_digest,
            policy_digest=facts.policy_digest,
            model_digest=facts.model_digest,
            checks=tuple((r.check.value, r.outcome.value) for r in facts.results),
            audit_index=facts.audit_index,
            audit_head=facts.audit_head,
            issued_at=facts.issued_at,
            reviewed=facts.reviewed,
        )
        return Receipt(
            case=facts.case,
            request_digest=facts.request_digest,
            reply_digest=facts.reply_digest,
            policy_digest=facts.policy_digest,
            model_digest=facts.model_digest,
            results=facts.results,
            audit_index=facts.audit_index,
            audit_head=facts.audit_head,
            issued_at=facts.issued_at,
            key_id=self.key.key_id,
            signature=sign_receipt(self.key, statement),
            reviewed=facts.reviewed,
        )

    def seal(self, head: Head) -> bytes:
        return self.key.sign(_head_bytes(head))

    def sealed(self, head: Head, signature: bytes) -> bool:
        return signed_by(self.key.public, _head_bytes(head), signature)


def _head_bytes(head: Head) -> bytes:
    return canonical(_HEAD, [head.size, head.value])
