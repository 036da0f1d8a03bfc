"""Wire messages to values and back. Pure. What does not have the right shape becomes Malformed, never an exception."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from cloud.ports import Held, Rejected, Released, Reply, Submission, WhyEscalated
from tidegate.chat import Message, Prompt, Role, Tool, ToolCall, ToolChoice
from tidegate.errors import BadRequest
from tidegate.ids import DeviceId, Ticket, TraceId, conversation_id, request_id, ticket
from tidegate.privacy.commitments import SIZE
from tidegate.privacy.spans import Label
from tidegate.wire.v1 import escalation_pb2 as pb

MOST_COMMITMENTS = 4096
MOST_TOKENS = 8192
_LABELS = frozenset(label.value for label in Label)
_ROLES: Mapping[int, Role] = {pb.Role.Value(f"ROLE_{role.name}"): role for role in Role}
_WHYS: Mapping[int, WhyEscalated] = {pb.Why.Value(f"WHY_{why.name}"): why for why in WhyEscalated}
_CHOICES: Mapping[int, ToolChoice] = {
    pb.TOOL_CHOICE_UNSPECIFIED: ToolChoice.AUTO,
    **{pb.ToolChoice.Value(f"TOOL_CHOICE_{choice.name}"): choice for choice in ToolChoice},
}


@dataclass(frozen=True, slots=True)
class Malformed:
    """The bytes are no such message, or a field has no value it may have. `field` names it for our own log."""

    field: str


@dataclass(frozen=True, slots=True)
class Collect:
    ticket: Ticket
    wait_s: float
    withdraw: bool = False  # no answer is needed any more


def decode_escalation(raw: bytes, device: DeviceId, trace: TraceId) -> Submission | Malformed:
    """The escalation in `raw` from the device the certificate names."""
    try:
        message = pb.Escalation.FromString(raw)
        return _submission(raw, message, device, trace)
    except DecodeError:
        return Malformed("message")
    except BadRequest as e:
        return Malformed(e.param or e.code)


def decode_collect(raw: bytes, *, longest_s: float) -> Collect | Malformed:
    try:
        message = pb.CollectRequest.FromString(raw)
        wait_s = 0.0 if message.withdraw else min(message.wait_ms / 1000, longest_s)
        return Collect(ticket(message.ticket), wait_s, message.withdraw)
    except DecodeError:
        return Malformed("message")
    except BadRequest as e:
        return Malformed(e.param)


def encode_reply(reply: Reply) -> bytes:
    match reply:
        case Released():
            return pb.CloudReply(released=_released(reply)).SerializeToString()
        case Held(name, reason):
            held = pb.Held(ticket=name, reason=f"HOLD_REASON_{reason.name}")
            return pb.CloudReply(held=held).SerializeToString()
        case Rejected(why):
            rejected = pb.Rejected(reason=f"REJECT_REASON_{why.name}")
            return pb.CloudReply(rejected=rejected).SerializeToString()


def encode_probe(policy_version: str) -> bytes:
    return pb.ProbeReply(policy_version=policy_version).SerializeToString()


def _submission(raw: bytes, message: pb.Escalation, device: DeviceId, trace: TraceId) -> Submission:
    _check_commitments(message)
    return Submission(
        device=device,
        request_id=request_id(message.request_id),
        revision=message.revision,
        conversation=conversation_id(message.conversation_id),
        trace=trace,
        why=_why(message.why),
        prompt=_prompt(message),
        entities=tuple((_label(one.label), one.count) for one in message.entities),
        commitment_salt=message.commitment_salt,
        commitments=tuple(message.commitments),
        policy_version=message.policy_version[:64],
        deadline_ms=message.deadline_ms,
        requires_review=message.requires_review,
        digest=hashlib.sha256(raw).digest(),
    )


def _prompt(message: pb.Escalation) -> Prompt:
    if message.tool_choice not in _CHOICES:
        raise _bad("tool_choice")
    if not message.messages:
        raise _bad("messages")
    return Prompt(
        messages=tuple(_message(one) for one in message.messages),
        tools=tuple(Tool(one.name, one.description, one.parameters or "{}") for one in message.tools),
        tool_choice=_CHOICES[message.tool_choice],
        forced_tool=message.forced_tool,
        response_schema=message.response_schema,
        max_tokens=min(message.max_tokens, MOST_TOKENS) or 256,
    )


def _message(message: pb.RedactedMessage) -> Message:
    if message.role not in _ROLES:
        raise _bad("role")
    return Message(
        role=_ROLES[message.role],
        content=message.content,
        tool_calls=tuple(ToolCall(one.id, one.name, one.arguments) for one in message.tool_calls),
        tool_call_id=message.tool_call_id,
    )


def _why(why: int) -> WhyEscalated:
    """A reason this release does not know is a newer device's; it decides nothing here."""
    if why == pb.WHY_UNSPECIFIED:
        raise _bad("why")
    return _WHYS.get(why, WhyEscalated.UNSURE)


def _label(label: str) -> str:
    if label not in _LABELS:
        raise _bad("entities")
    return label


def _check_commitments(message: pb.Escalation) -> None:
    if len(message.commitments) > MOST_COMMITMENTS or any(len(one) != SIZE for one in message.commitments):
        raise _bad("commitments")
    if message.commitments and not 8 <= len(message.commitment_salt) <= 64:
        raise _bad("commitment_salt")


def _released(reply: Released) -> pb.Released:
    proposal, receipt = reply.proposal, reply.receipt
    return pb.Released(
        text=proposal.text,
        tool_calls=[pb.ToolCall(id=c.id, name=c.name, arguments=c.arguments) for c in proposal.tool_calls],
        citations=[
            pb.Citation(source=c.source, section=c.section, quote=c.quote) for c in proposal.citations
        ],
        model=proposal.model,
        prompt_tokens=proposal.usage.prompt_tokens,
        completion_tokens=proposal.usage.completion_tokens,
        receipt=pb.Receipt(
            case_id=receipt.case,
            request_digest=receipt.request_digest,
            reply_digest=receipt.reply_digest,
            policy_digest=receipt.policy_digest,
            model_digest=receipt.model_digest,
            checks=[
                pb.CheckResult(check=f"CHECK_{r.check.name}", outcome=f"OUTCOME_{r.outcome.name}")
                for r in receipt.results
            ],
            audit_index=receipt.audit_index,
            audit_head=receipt.audit_head,
            issued_at=receipt.issued_at,
            key_id=receipt.key_id,
            signature=receipt.signature,
            reviewed=receipt.reviewed,
        ),
    )


def _bad(name: str) -> BadRequest:
    return BadRequest(f"{name}: not a value it may have", param=name)
