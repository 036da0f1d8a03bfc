"""Lock 5 on the wire: each field that could carry text is listed with the reason why it may. A new one fails here first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor

from tidegate.wire.v1 import escalation_pb2, fleet_pb2

REDACTED = "redacted by the device; edge.ports makes it of Redacted alone"
MADE_HERE = "an id made by the device or the cloud from randomness or a keyed hash"
ENUM = "the value of a closed enum, or a version from settings"
DIGEST = "a digest, a salt, a key or a signature"
CERTIFICATE = "a certificate, a request for one, or a one-time token, on the enrolment channel"
FROM_CLOUD = "cloud to device: the answer and its proof"
RELEASE = "a release, target or rollout name made by the fleet's manager"
WEIGHTS = "cloud to device: signed metadata or model bytes"

ESCALATION = {
    "ToolCall.id": MADE_HERE, "ToolCall.name": REDACTED, "ToolCall.arguments": REDACTED,
    "RedactedMessage.content": REDACTED, "RedactedMessage.tool_call_id": MADE_HERE,
    "ToolSpec.name": REDACTED, "ToolSpec.description": REDACTED, "ToolSpec.parameters": REDACTED,
    "EntityCount.label": ENUM,
    "Escalation.request_id": MADE_HERE, "Escalation.conversation_id": MADE_HERE, "Escalation.forced_tool": REDACTED,
    "Escalation.response_schema": REDACTED, "Escalation.commitment_salt": DIGEST, "Escalation.commitments": DIGEST,
    "Escalation.policy_version": ENUM, "CollectRequest.ticket": MADE_HERE, "ProbeReply.policy_version": FROM_CLOUD,
    "Citation.source": FROM_CLOUD, "Citation.section": FROM_CLOUD, "Citation.quote": FROM_CLOUD,
    "Receipt.case_id": FROM_CLOUD, "Receipt.request_digest": FROM_CLOUD, "Receipt.reply_digest": FROM_CLOUD,
    "Receipt.policy_digest": FROM_CLOUD, "Receipt.model_digest": FROM_CLOUD, "Receipt.audit_head": FROM_CLOUD,
    "Receipt.key_id": FROM_CLOUD, "Receipt.signature": FROM_CLOUD,
    "Released.text": FROM_CLOUD, "Released.model": FROM_CLOUD, "Held.ticket": FROM_CLOUD,
    "RenewRequest.csr": CERTIFICATE, "RenewReply.certificate": CERTIFICATE, "RenewReply.chain": CERTIFICATE,
    "EnrolRequest.token": CERTIFICATE, "EnrolRequest.csr": CERTIFICATE, "EnrolReply.certificate": CERTIFICATE,
    "EnrolReply.chain": CERTIFICATE, "EnrolReply.receipt_key": CERTIFICATE, "EnrolReply.update_root": CERTIFICATE,
}  # fmt: skip
FLEET = {
    "Desired.release_id": RELEASE, "Desired.digest": DIGEST, "Desired.rollout_id": RELEASE, "Desired.device_id": MADE_HERE,
    "Progress.release_id": RELEASE, "Reported.running_release": RELEASE, "Reported.running_digest": DIGEST,
    "Fetch.name": RELEASE, "Block.name": RELEASE, "Block.data": WEIGHTS, "Block.sha256": DIGEST,
}  # fmt: skip


def texts(file: FileDescriptor) -> Iterator[str]:
    """Every field of type string or bytes in a file, as Message.field."""
    for message in file.message_types_by_name.values():
        yield from _texts(message)


def _texts(message: Descriptor) -> Iterator[str]:
    for field in message.fields:
        if field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES):
            yield f"{message.name}.{field.name}"
    for inner in message.nested_types:
        yield from _texts(inner)


@pytest.mark.parametrize(
    ("file", "listed"),
    [(escalation_pb2.DESCRIPTOR, ESCALATION), (fleet_pb2.DESCRIPTOR, FLEET)],
    ids=["escalation", "fleet"],
)
def test_each_field_that_can_carry_text_is_listed_with_its_reason(
    file: FileDescriptor, listed: dict[str, str]
) -> None:
    assert set(texts(file)) == set(listed)


def test_what_a_device_tells_the_fleet_holds_no_text_but_release_names_and_digests() -> None:
    assert set(FLEET.values()) <= {RELEASE, DIGEST, MADE_HERE, WEIGHTS}


def test_a_free_text_field_beside_the_others_is_found() -> None:
    """The census bites: the same file with one more string field has one more text."""
    changed = descriptor_pb2.FileDescriptorProto()
    fleet_pb2.DESCRIPTOR.CopyToProto(changed)
    progress = next(message for message in changed.message_type if message.name == "Progress")
    progress.field.add(
        name="note", number=99, type=FieldDescriptor.TYPE_STRING, label=FieldDescriptor.LABEL_OPTIONAL
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(changed)
    message_factory.GetMessages([changed], pool=pool)
    assert set(texts(pool.FindFileByName(changed.name))) - set(FLEET) == {"Progress.note"}
