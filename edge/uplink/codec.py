"""Escalations and replies, value to message and back. Pure. `Redacted` becomes text here and nowhere else on this way."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from edge.ports import (
    Citation,
    Escalation,
    HoldReason,
    RedactedCall,
    RedactedMessage,
    Rejected,
    RejectReason,
    Released,
)
from edge.routing.plan import Why
from tidegate.chat import Role, ToolCall, ToolChoice, Usage
from tidegate.errors import Untrusted
from tidegate.ids import CaseId, DeviceId, RequestId
from tidegate.signing.receipts import Statement, reply_digest
from tidegate.wire.v1 import escalation_pb2 as pb

_ROLES: Mapping[Role, pb.Role] = {
    Role.SYSTEM: pb.ROLE_SYSTEM,
    Role.USER: pb.ROLE_USER,
    Role.ASSISTANT: pb.ROLE_ASSISTANT,
    Role.TOOL: pb.ROLE_TOOL,
}
_CHOICES: Mapping[ToolChoice, pb.ToolChoice] = {
    ToolChoice.AUTO: pb.TOOL_CHOICE_AUTO,
    ToolChoice.NONE: pb.TOOL_CHOICE_NONE,
    ToolChoice.REQUIRED: pb.TOOL_CHOICE_REQUIRED,
}
WHYS: Mapping[Why, pb.Why] = {
    Why.UNSURE: pb.WHY_UNSURE,
    Why.PASSED: pb.WHY_PASSED,
    Why.POLICY_MUST_GO: pb.WHY_POLICY_MUST_GO,
    Why.TOO_LONG: pb.WHY_TOO_LONG,
    Why.NO_LOCAL_MODEL: pb.WHY_NO_LOCAL_MODEL,
    Why.INVALID_DRAFT: pb.WHY_INVALID_DRAFT,
    Why.NO_TOOLS: pb.WHY_NO_TOOLS,
    Why.AUDIT: pb.WHY_AUDIT,
    Why.PREFERRED: pb.WHY_PREFERRED,
    Why.APPROVAL: pb.WHY_APPROVAL,
    # a cloud of an older release knows the words above alone, so these go out as the nearest of them
    Why.KNOWN_TO_FAIL: pb.WHY_UNSURE,
    Why.ENERGY_SPENT: pb.WHY_NO_LOCAL_MODEL,
    Why.BATTERY_LOW: pb.WHY_NO_LOCAL_MODEL,
    Why.HOT: pb.WHY_NO_LOCAL_MODEL,
    Why.MEMORY_LOW: pb.WHY_NO_LOCAL_MODEL,
    Why.BUSY: pb.WHY_NO_LOCAL_MODEL,
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came as proof; `statement` is filled with what this device knows itself."""

    statement: Statement
    signature: bytes = field(repr=False)
    key_id: str
    digest: bytes  # SHA-256 of the receipt's bytes, for the ledger


@dataclass(frozen=True, slots=True)
class CloudHeld:
    """Held in the cloud, under the cloud's own ticket."""

    ticket: str
    reason: HoldReason


Reply = Released | CloudHeld | Rejected


def encode(escalation: Escalation) -> bytes:
    """The exact bytes that leave."""
    prompt = escalation.prompt
    message = pb.Escalation(
        request_id=escalation.request_id,
        revision=escalation.revision,
        conversation_id=escalation.conversation,
        why=WHYS[escalation.why],
        messages=[_message(one) for one in prompt.messages],
        tools=[
            pb.ToolSpec(name=t.name.text, description=t.description.text, parameters=t.parameters.text)
            for t in prompt.tools
        ],
        tool_choice=_CHOICES[escalation.tool_choice],
        forced_tool=prompt.forced_tool.text,
        response_schema=prompt.response_schema.text,
        max_tokens=escalation.max_tokens,
        entities=[pb.EntityCount(label=str(label), count=n) for label, n in sorted(prompt.entities.items())],
        commitment_salt=prompt.commitment_salt,
        commitments=list(prompt.commitments),
        policy_version=escalation.policy_version,
        deadline_ms=escalation.deadline_ms,
        requires_review=escalation.requires_review,
    )
    return message.SerializeToString(deterministic=True)


def _message(message: RedactedMessage) -> pb.RedactedMessage:
    return pb.RedactedMessage(
        role=_ROLES[message.role],
        content=message.content.text,
        tool_calls=[_call(call) for call in message.tool_calls],
        tool_call_id=message.tool_call_id,
    )


def _call(call: RedactedCall) -> pb.ToolCall:
    return pb.ToolCall(id=call.id, name=call.name.text, arguments=call.arguments.text)


def digest(payload: bytes) -> bytes:
    """What the cloud's receipt calls the request: SHA-256 of the bytes that left."""
    return hashlib.sha256(payload).digest()


def decode(raw: bytes) -> Reply:
    """The cloud's reply. Raises Untrusted when it is not one."""
    reply = _parsed(raw)
    match reply.WhichOneof("outcome"):
        case "released":
            return _released(reply.released)
        case "held":
            return CloudHeld(reply.held.ticket, _hold(reply.held.reason))
        case "rejected":
            return Rejected(_reject(reply.rejected.reason))
        case _:
            raise Untrusted("the cloud's reply holds no outcome", code="reply_malformed")


def receipt_of(
    raw: bytes, *, device: DeviceId, request_id: RequestId, revision: int, payload: bytes
) -> Receipt:
    """The proof of a released reply, bound to this device's own request. Raises Untrusted when there is none."""
    reply = _parsed(raw)
    released = reply.released
    if reply.WhichOneof("outcome") != "released" or not released.HasField("receipt"):
        raise Untrusted("the cloud's answer came without a receipt; it was not used", code="no_receipt")
    receipt = released.receipt
    statement = Statement(
        device=device,
        request_id=request_id,
        revision=revision,
        case_id=CaseId(receipt.case_id),
        request_digest=digest(payload),
        reply_digest=reply_digest(
            released.text,
            [(call.id, call.name, call.arguments) for call in released.tool_calls],
            [(one.source, one.section, one.quote) for one in released.citations],
            released.model,
        ),
        policy_digest=receipt.policy_digest,
        model_digest=receipt.model_digest,
        checks=tuple((_check(one.check), _outcome(one.outcome)) for one in receipt.checks),
        audit_index=receipt.audit_index,
        audit_head=receipt.audit_head,
        issued_at=receipt.issued_at,
        reviewed=receipt.reviewed,
    )
    proof = hashlib.sha256(receipt.SerializeToString(deterministic=True)).digest()
    return Receipt(statement, receipt.signature, receipt.key_id, proof)


def issued_at(raw: bytes) -> float:
    """When the cloud signed a released reply, by its clock; 0 for any other reply."""
    reply = _parsed(raw)
    return float(reply.released.receipt.issued_at) if reply.HasField("released") else 0.0


def entities_of(payload: bytes) -> dict[str, int]:
    """How many private values were replaced in these bytes, by label."""
    return {one.label: one.count for one in pb.Escalation.FromString(payload).entities}


def policy_of(payload: bytes) -> str:
    return pb.Escalation.FromString(payload).policy_version


def _parsed(raw: bytes) -> pb.CloudReply:
    from google.protobuf.message import DecodeError

    try:
        return pb.CloudReply.FromString(raw)
    except DecodeError as error:
        raise Untrusted("the cloud's reply cannot be read", code="reply_malformed") from error


def _released(released: pb.Released) -> Released:
    return Released(
        text=released.text,
        tool_calls=tuple(ToolCall(call.id, call.name, call.arguments) for call in released.tool_calls),
        citations=tuple(Citation(one.source, one.section, one.quote) for one in released.citations),
        model=released.model,
        usage=Usage(released.prompt_tokens, released.completion_tokens),
        case=released.receipt.case_id,
        reviewed=released.receipt.reviewed,
    )


def _hold(reason: int) -> HoldReason:
    """A reason this release does not know is a policy of a newer one."""
    known = {pb.HoldReason.Value(f"HOLD_REASON_{one.name}"): one for one in HoldReason}
    return known.get(reason, HoldReason.POLICY)


def taken_back() -> bytes:
    """What stands for the cloud's reply where this device took the question back before there was one."""
    return pb.CloudReply(rejected=pb.Rejected(reason=pb.REJECT_REASON_WITHDRAWN)).SerializeToString()


def _reject(reason: int) -> RejectReason:
    known = {pb.RejectReason.Value(f"REJECT_REASON_{one.name}"): one for one in RejectReason}
    return known.get(reason, RejectReason.POLICY)


def _check(check: int) -> str:
    return pb.Check.Name(check).removeprefix("CHECK_").lower() if check in pb.Check.values() else ""


def _outcome(outcome: int) -> str:
    return pb.Outcome.Name(outcome).removeprefix("OUTCOME_").lower() if outcome in pb.Outcome.values() else ""
