"""Bytes to values and back: round trips, agreement with the device's codec, and nonsense that is a value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.door import codec
from cloud.ports import (
    Check,
    CheckResult,
    Citation,
    Held,
    HoldReason,
    Outcome,
    Proposal,
    Receipt,
    Rejected,
    RejectReason,
    Released,
    Submission,
    WhyEscalated,
)
from edge.uplink import codec as device
from tests.fakes.cloud_parts import DEVICE, wire
from tidegate.chat import Role, ToolCall, ToolChoice, Usage
from tidegate.ids import CaseId, Ticket, TraceId
from tidegate.privacy.spans import Label
from tidegate.wire.v1 import escalation_pb2 as pb

TRACE = TraceId("cd" * 16)
TEXT = st.text(max_size=40)
IDS = st.from_regex(r"[A-Za-z0-9_-]{8,64}", fullmatch=True)
DIGESTS = st.binary(min_size=32, max_size=32)
CALLS = st.builds(pb.ToolCall, id=TEXT, name=TEXT, arguments=TEXT)
ESCALATIONS = st.builds(
    pb.Escalation,
    request_id=IDS,
    revision=st.integers(0, 2**32 - 1),
    conversation_id=IDS,
    why=st.sampled_from([v for v in pb.Why.values() if v]),
    messages=st.lists(
        st.builds(
            pb.RedactedMessage,
            role=st.sampled_from([v for v in pb.Role.values() if v]),
            content=TEXT,
            tool_calls=st.lists(CALLS, max_size=2),
            tool_call_id=TEXT,
        ),
        min_size=1,
        max_size=4,
    ),
    tools=st.lists(st.builds(pb.ToolSpec, name=TEXT, description=TEXT, parameters=TEXT), max_size=3),
    tool_choice=st.sampled_from(pb.ToolChoice.values()),
    entities=st.lists(
        st.builds(pb.EntityCount, label=st.sampled_from([x.value for x in Label]), count=st.integers(0, 9)),
        max_size=3,
    ),
    deadline_ms=st.integers(0, 60_000),
    requires_review=st.booleans(),
)


@given(ESCALATIONS)
def test_every_well_formed_message_becomes_the_submission_it_says(message: pb.Escalation) -> None:
    raw = message.SerializeToString(deterministic=True)
    got = codec.decode_escalation(raw, DEVICE, TRACE)
    assert isinstance(got, Submission)
    assert (got.device, got.trace, got.revision) == (DEVICE, TRACE, message.revision)
    assert [m.content for m in got.prompt.messages] == [m.content for m in message.messages]
    assert [c.arguments for m in got.prompt.messages for c in m.tool_calls] == [
        c.arguments for m in message.messages for c in m.tool_calls
    ]
    assert [t.name for t in got.prompt.tools] == [t.name for t in message.tools]
    assert got.entities == tuple((e.label, e.count) for e in message.entities)
    assert got.digest == device.digest(raw)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_submission_or_malformed_but_never_an_exception(raw: bytes) -> None:
    assert isinstance(codec.decode_escalation(raw, DEVICE, TRACE), Submission | codec.Malformed)
    assert isinstance(codec.decode_collect(raw, longest_s=25.0), codec.Collect | codec.Malformed)


def changed(**fields: object) -> codec.Malformed | Submission:
    message = pb.Escalation.FromString(wire())
    for name, value in fields.items():
        if isinstance(value, list):
            message.ClearField(name)  # type: ignore[arg-type]
            getattr(message, name).extend(value)
        else:
            setattr(message, name, value)
    return codec.decode_escalation(message.SerializeToString(), DEVICE, TRACE)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"request_id": "short"}, "request_id"),
        ({"request_id": "has spaces in it"}, "request_id"),
        ({"conversation_id": ""}, "conversation_id"),
        ({"why": 0}, "why"),
        ({"tool_choice": 77}, "tool_choice"),
        ({"messages": []}, "messages"),
        ({"messages": [pb.RedactedMessage(content="x")]}, "role"),
        ({"entities": [pb.EntityCount(label="Katharina", count=1)]}, "entities"),
        ({"commitments": [b"short"], "commitment_salt": b"0" * 16}, "commitments"),
        ({"commitments": [b"0" * 16]}, "commitment_salt"),
    ],
)
def test_a_field_without_a_usable_value_is_named(fields: dict[str, object], named: str) -> None:
    assert changed(**fields) == codec.Malformed(named)


def test_a_reason_of_a_newer_device_is_no_error() -> None:
    got = changed(why=99)
    assert isinstance(got, Submission)
    assert got.why is WhyEscalated.UNSURE


def test_every_closed_word_of_ours_is_on_the_wire() -> None:
    for role in Role:
        assert pb.Role.Value(f"ROLE_{role.name}")
    for choice in ToolChoice:
        assert pb.ToolChoice.Value(f"TOOL_CHOICE_{choice.name}")


RELEASED = st.builds(
    Released,
    st.builds(
        Proposal,
        text=TEXT,
        tool_calls=st.lists(st.builds(ToolCall, TEXT, TEXT, TEXT), max_size=2).map(tuple),
        citations=st.lists(st.builds(Citation, TEXT, TEXT, TEXT), max_size=2).map(tuple),
        model=TEXT,
        usage=st.builds(Usage, st.integers(0, 999), st.integers(0, 999)),
    ),
    st.builds(
        Receipt,
        case=IDS.map(CaseId),
        request_digest=DIGESTS,
        reply_digest=DIGESTS,
        policy_digest=DIGESTS,
        model_digest=DIGESTS,
        results=st.tuples(*(st.builds(CheckResult, st.just(c), st.sampled_from(Outcome)) for c in Check)),
        audit_index=st.integers(0, 2**40),
        audit_head=DIGESTS,
        issued_at=st.integers(0, 2**40),
        key_id=TEXT,
        signature=st.binary(max_size=64),
        reviewed=st.booleans(),
    ),
)


@given(RELEASED)
def test_the_device_reads_a_released_answer_as_it_was_written(reply: Released) -> None:
    raw = codec.encode_reply(reply)
    read = device.decode(raw)
    assert not isinstance(read, device.CloudHeld | device.Rejected)
    proposal = reply.proposal
    assert (read.text, read.tool_calls, read.model, read.usage, read.reviewed) == (
        proposal.text,
        proposal.tool_calls,
        proposal.model,
        proposal.usage,
        reply.receipt.reviewed,
    )
    assert [(c.source, c.section, c.quote) for c in read.citations] == [
        (c.source, c.section, c.quote) for c in proposal.citations
    ]


@pytest.mark.parametrize("reason", list(HoldReason))
def test_the_device_reads_every_hold(reason: HoldReason) -> None:
    read = device.decode(codec.encode_reply(Held(Ticket("tkt_12345678"), reason)))
    assert isinstance(read, device.CloudHeld)
    assert (read.ticket, read.reason.value) == ("tkt_12345678", reason.value)


@pytest.mark.parametrize("reason", list(RejectReason))
def test_the_device_reads_every_rejection(reason: RejectReason) -> None:
    read = device.decode(codec.encode_reply(Rejected(reason)))
    assert isinstance(read, device.Rejected)
    assert read.reason.value == reason.value
