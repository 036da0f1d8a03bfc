"""Distinct ids have distinct types; each is made by one parser or one maker."""

from __future__ import annotations

import re
import secrets
from typing import NewType

from tidegate.errors import BadRequest

DeviceId = NewType("DeviceId", str)
TraceId = NewType("TraceId", str)
RequestId = NewType("RequestId", str)
ConversationId = NewType("ConversationId", str)
CaseId = NewType("CaseId", str)
Ticket = NewType("Ticket", str)
ReleaseId = NewType("ReleaseId", str)
OperatorId = NewType("OperatorId", str)
ConsentId = NewType("ConsentId", str)

_DEVICE = re.compile(r"[a-z0-9-]{8,40}")
_RELEASE = re.compile(r"[a-z0-9][a-z0-9._-]{2,63}")
_HEX = re.compile(r"[0-9a-f]+")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,64}")


def device_id(text: str) -> DeviceId:
    """A device id, `[a-z0-9-]{8,40}`: safe in a certificate, a topic and a path. Raises BadRequest."""
    if not _DEVICE.fullmatch(text):
        raise BadRequest(
            "a device id is 8 to 40 characters of a-z, 0-9 and '-'", code="bad_device_id", param="device_id"
        )
    return DeviceId(text)


def release_id(text: str) -> ReleaseId:
    """A release name, `[a-z0-9][a-z0-9._-]{2,63}`: safe in a path and a TUF target. Raises BadRequest."""
    if not _RELEASE.fullmatch(text) or ".." in text:
        raise BadRequest(
            "a release id is 3 to 64 characters of a-z, 0-9, '.', '_' and '-'", code="bad_release_id"
        )
    return ReleaseId(text)


def _token(text: str, what: str) -> str:
    if not _TOKEN.fullmatch(text):
        raise BadRequest(
            f"a {what} is 8 to 64 characters of A-Z, a-z, 0-9, '_' and '-'", code=f"bad_{what}", param=what
        )
    return text


def request_id(text: str) -> RequestId:
    """A request id as it stands in an idempotency key. Raises BadRequest."""
    return RequestId(_token(text, "request_id"))


def conversation_id(text: str) -> ConversationId:
    """A conversation id. Raises BadRequest."""
    return ConversationId(_token(text, "conversation_id"))


def ticket(text: str) -> Ticket:
    """The claim check of a held or queued answer. Raises BadRequest."""
    return Ticket(_token(text, "ticket"))


def consent_id(text: str) -> ConsentId:
    """The id of a request that waits for somebody's consent. Raises BadRequest."""
    return ConsentId(_token(text, "consent_id"))


def trace_id(text: str) -> TraceId:
    """A W3C trace id: 32 lower-case hex digits, not all zero. Raises BadRequest."""
    if len(text) != 32 or not _HEX.fullmatch(text) or set(text) == {"0"}:
        raise BadRequest("a trace id is 32 hex digits", code="bad_trace_id")
    return TraceId(text)


def new_trace_id() -> TraceId:
    return TraceId(secrets.token_hex(16))


def new_request_id() -> RequestId:
    return RequestId("req_" + secrets.token_hex(12))


def new_case_id() -> CaseId:
    return CaseId("case_" + secrets.token_hex(12))


def new_ticket() -> Ticket:
    """Unguessable: knowing it is part of being allowed to read the answer."""
    return Ticket("tkt_" + secrets.token_hex(16))


def new_consent_id() -> ConsentId:
    """Unguessable: whoever names it agrees."""
    return ConsentId("cns_" + secrets.token_hex(16))
