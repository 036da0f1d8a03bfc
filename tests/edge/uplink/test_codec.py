"""Values to messages and back: everything an escalation holds is on the wire, and no reply can confuse the device."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.ports import (
    CallRef,
    Escalation,
    HoldReason,
    PolicyVersion,
    RedactedCall,
    RedactedMessage,
    RedactedPrompt,
    RedactedTool,
    Rejected,
    RejectReason,
    Released,
)
from edge.routing.plan import Why
from edge.uplink import codec
from tidegate.chat import Role, ToolChoice
from tidegate.errors import Untrusted
from tidegate.ids import ConversationId, DeviceId, RequestId, TraceId
from tidegate.privacy.detect import Detector
from tidegate.privacy.redaction import Redacted, redact
from tidegate.privacy.spans import Label
from tidegate.privacy.vault import Vault
from tidegate.wire.v1 import escalation_pb2 as pb

VAULT = Vault.open("conv_00000001", b"k" * 32, 1_790_000_000.0)
LEAVES = tuple(why for why in Why if why in codec.WHYS)


def red(text: str) -> Redacted:
    return redact(text, Detector(), VAULT).text


def escalation() -> Escalation:
    return Escalation(
        request_id=RequestId("req_00000001"),
        revision=2,
        conversation=ConversationId("conv_00000001"),
        trace=TraceId("1" * 32),
        why=Why.UNSURE,
        prompt=RedactedPrompt(
            messages=(
                RedactedMessage(Role.SYSTEM, red("be brief")),
                RedactedMessage(Role.USER, red("mail eve@example.org")),
                RedactedMessage(
                    Role.ASSISTANT, red(""), (RedactedCall(CallRef("call_0"), red("send"), red('{"a":1}')),)
                ),
                RedactedMessage(Role.TOOL, red("sent"), tool_call_id=CallRef("call_0")),
            ),
            tools=(RedactedTool(red("send"), red("sends mail"), red('{"type":"object"}')),),
            forced_tool=red("send"),
            response_schema=red('{"type":"object"}'),
            entities={Label.EMAIL_ADDRESS: 1},
            commitment_salt=b"s" * 16,
            commitments=(b"c" * 16,),
        ),
        tool_choice=ToolChoice.REQUIRED,
        max_tokens=99,
        policy_version=PolicyVersion("test-1"),
        deadline_ms=30_000,
        requires_review=True,
    )


def test_everything_of_an_escalation_is_on_the_wire() -> None:
    message = pb.Escalation.FromString(codec.encode(escalation()))
    unset = [
        field.name
        for field in pb.Escalation.DESCRIPTOR.fields
        if field.name not in {f.name for f, _ in message.ListFields()}
    ]
    assert unset == []
    assert message.messages[1].content.startswith("mail [EMAIL_ADDRESS_1")
    assert (message.messages[2].tool_calls[0].name, message.messages[3].tool_call_id) == ("send", "call_0")
    assert (message.why, message.tool_choice, message.revision) == (pb.WHY_UNSURE, pb.TOOL_CHOICE_REQUIRED, 2)
    assert codec.entities_of(codec.encode(escalation())) == {"EMAIL_ADDRESS": 1}
    assert codec.policy_of(codec.encode(escalation())) == "test-1"


def test_the_same_value_gives_the_same_bytes() -> None:
    assert codec.encode(escalation()) == codec.encode(escalation())


SAID_AS = {  # words that a cloud of an older release would not know
    Why.KNOWN_TO_FAIL: Why.UNSURE,
    Why.ENERGY_SPENT: Why.NO_LOCAL_MODEL,
    Why.BATTERY_LOW: Why.NO_LOCAL_MODEL,
    Why.HOT: Why.NO_LOCAL_MODEL,
    Why.MEMORY_LOW: Why.NO_LOCAL_MODEL,
    Why.BUSY: Why.NO_LOCAL_MODEL,
}


@pytest.mark.parametrize("why", LEAVES)
def test_every_reason_that_leaves_has_its_word(why: Why) -> None:
    message = pb.Escalation.FromString(codec.encode(replace(escalation(), why=why)))
    assert pb.Why.Name(message.why) == f"WHY_{SAID_AS.get(why, why).name}"


@pytest.mark.parametrize("reason", list(HoldReason))
def test_every_hold_reason_comes_back(reason: HoldReason) -> None:
    raw = pb.CloudReply(held=pb.Held(ticket="t", reason=f"HOLD_REASON_{reason.name}")).SerializeToString()
    assert codec.decode(raw) == codec.CloudHeld("t", reason)


@pytest.mark.parametrize("reason", list(RejectReason))
def test_every_reject_reason_comes_back(reason: RejectReason) -> None:
    raw = pb.CloudReply(rejected=pb.Rejected(reason=f"REJECT_REASON_{reason.name}")).SerializeToString()
    assert codec.decode(raw) == Rejected(reason)


def test_reasons_of_a_newer_cloud_are_its_policy() -> None:
    held = pb.Held(ticket="t")
    held.reason = 77  # type: ignore[assignment]
    assert codec.decode(pb.CloudReply(held=held).SerializeToString()) == codec.CloudHeld(
        "t", HoldReason.POLICY
    )


def test_an_answer_without_a_receipt_is_not_believed() -> None:
    raw = pb.CloudReply(released=pb.Released(text="hello")).SerializeToString()
    assert isinstance(codec.decode(raw), Released)
    with pytest.raises(Untrusted) as refused:
        codec.receipt_of(
            raw,
            device=DeviceId("test-device-1"),
            request_id=RequestId("req_00000001"),
            revision=0,
            payload=b"",
        )
    assert refused.value.code == "no_receipt"


@given(st.binary(max_size=60))
def test_any_bytes_are_a_reply_or_untrusted(raw: bytes) -> None:
    try:
        codec.decode(raw)
    except Untrusted as error:
        assert error.code == "reply_malformed"
