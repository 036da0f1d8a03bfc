"""What a failed call to the cloud means for the device."""

from __future__ import annotations

import pytest

from edge.uplink.client import translated  # before grpc: it switches TLS 1.2 off
from tidegate.errors import BadRequest, TidegateError, Unreachable, Untrusted

from grpc import StatusCode  # isort: skip


@pytest.mark.parametrize(
    ("code", "details", "kind", "word"),
    [
        (StatusCode.UNAVAILABLE, "failed to connect to all addresses; connection refused", Unreachable, "cloud_unreachable"),
        (StatusCode.UNAVAILABLE, "Socket closed", Unreachable, "cloud_unreachable"),
        (StatusCode.UNAVAILABLE, "Ssl handshake failed: CERTIFICATE_VERIFY_FAILED", Untrusted, "tls_refused"),
        (StatusCode.UNAVAILABLE, "Ssl handshake failed: CERTIFICATE_VERIFY_FAILED: certificate has expired", Untrusted, "tls_refused"),
        (StatusCode.UNAVAILABLE, "CERTIFICATE_VERIFY_FAILED: unable to get local issuer certificate", Unreachable, "foreign_answer"),
        (StatusCode.UNAVAILABLE, "OPENSSL_internal:WRONG_VERSION_NUMBER", Unreachable, "foreign_answer"),
        (StatusCode.UNAVAILABLE, "Peer name localhost is not in peer certificate", Untrusted, "tls_refused"),
        (StatusCode.UNAUTHENTICATED, "revoked", Untrusted, "device_refused"),
        (StatusCode.PERMISSION_DENIED, "", Untrusted, "device_refused"),
        (StatusCode.INVALID_ARGUMENT, "", BadRequest, "wire_mismatch"),
        (StatusCode.UNIMPLEMENTED, "", BadRequest, "wire_mismatch"),
        (StatusCode.DEADLINE_EXCEEDED, "", Unreachable, "cloud_slow"),
        (StatusCode.RESOURCE_EXHAUSTED, "", Unreachable, "cloud_busy"),
        (StatusCode.INTERNAL, "eve@example.org", Unreachable, "cloud_failed"),
        (StatusCode.ABORTED, "", Unreachable, "cloud_crossed"),
    ],
)  # fmt: skip
def test_a_status_becomes_what_the_device_can_do(
    code: StatusCode, details: str, kind: type[TidegateError], word: str
) -> None:
    found = translated(code, details)
    assert type(found) is kind
    assert found.code == word
    assert "eve@example.org" not in str(found)
