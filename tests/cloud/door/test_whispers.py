"""What grpc's core says about strangers, as closed words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cloud.door.whispers import handshake_reason, is_core, overheard

HEAD = b"I1124 06:06:31.799844    2750 ssl_transport_security.cc:2563] "
FAILED = HEAD + b"Handshake failed with error SSL_ERROR_SSL: error:100000c0:SSL routines:OPENSSL_internal:"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (FAILED + b"PEER_DID_NOT_RETURN_A_CERTIFICATE: x", "no_certificate"),
        (FAILED + b"CERTIFICATE_VERIFY_FAILED: certificate has expired", "bad_certificate"),
        (FAILED + b"NO_SHARED_CIPHER: x", "old_tls"),
        (FAILED + b"HTTP_REQUEST: x", "no_tls"),
        (FAILED + b"SOMETHING_NEW: x", "handshake"),
        (HEAD + b"all is well", None),
        (b"Handshake failed with error NO_SHARED_CIPHER", None),
        (b'{"event":"Handshake failed"}', None),
    ],
)
def test_a_line_of_the_core_is_read_as_its_reason(line: bytes, reason: str | None) -> None:
    assert handshake_reason(line) == reason


def test_the_core_is_sorted_from_all_else(tmp_path: Path) -> None:
    heard: list[tuple[str, bool]] = []
    kept = os.dup(2)
    target = os.open(tmp_path / "stderr", os.O_RDWR | os.O_CREAT)
    os.dup2(target, 2)
    try:
        with overheard(lambda reason, first: heard.append((reason, first))) as stream:
            for line in (
                FAILED + b"NO_SHARED_CIPHER",
                HEAD + b"chatter",
                b"a crash report",
                FAILED + b"NO_SHARED_CIPHER",
            ):
                os.write(2, line + b"\n")
            stream.write("our own line\n")
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(target)
    assert heard == [("old_tls", True), ("old_tls", False)]
    assert sorted((tmp_path / "stderr").read_text().splitlines()) == ["a crash report", "our own line"]
    assert is_core(HEAD)
