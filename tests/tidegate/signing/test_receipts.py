"""A receipt verifies for exactly what was signed and for nothing else."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import BadConfig, Untrusted
from tidegate.ids import CaseId, DeviceId, RequestId
from tidegate.signing.canonical import canonical
from tidegate.signing.receipts import (
    Statement,
    load_signing_key,
    new_signing_key,
    reply_digest,
    save_signing_key,
    sign_receipt,
    verify_receipt,
)

KEY = new_signing_key()
STATEMENT = Statement(
    device=DeviceId("pump-room-01"),
    request_id=RequestId("req_00000001"),
    revision=0,
    case_id=CaseId("case_00000001"),
    request_digest=b"q" * 32,
    reply_digest=b"r" * 32,
    policy_digest=b"p" * 32,
    model_digest=b"m" * 32,
    checks=(("schema", "passed"), ("leaks", "passed")),
    audit_index=7,
    audit_head=b"h" * 32,
    issued_at=1_790_000_000,
    reviewed=False,
)
OTHER: dict[str, object] = {
    "device": DeviceId("pump-room-02"),
    "request_id": RequestId("req_00000002"),
    "revision": 1,
    "case_id": CaseId("case_00000002"),
    "request_digest": b"Q" * 32,
    "reply_digest": b"R" * 32,
    "policy_digest": b"P" * 32,
    "model_digest": b"M" * 32,
    "checks": (("schema", "passed"), ("leaks", "failed")),
    "audit_index": 8,
    "audit_head": b"H" * 32,
    "issued_at": 1_790_000_001,
    "reviewed": True,
}


def test_a_genuine_receipt_is_accepted() -> None:
    verify_receipt(KEY.public, STATEMENT, sign_receipt(KEY, STATEMENT), KEY.key_id)


@pytest.mark.parametrize("name", [f.name for f in fields(Statement)])
def test_changing_any_one_field_breaks_the_receipt(name: str) -> None:
    signature = sign_receipt(KEY, STATEMENT)
    altered = replace(STATEMENT, **{name: OTHER[name]})  # type: ignore[arg-type]
    with pytest.raises(Untrusted) as caught:
        verify_receipt(KEY.public, altered, signature, KEY.key_id)
    assert caught.value.code == "bad_receipt"


@pytest.mark.parametrize("signature", [b"", b"\0" * 64, b"x" * 63])
def test_no_signature_is_no_receipt(signature: bytes) -> None:
    with pytest.raises(Untrusted):
        verify_receipt(KEY.public, STATEMENT, signature, KEY.key_id)


def test_another_cloud_s_key_is_unknown() -> None:
    stranger = new_signing_key()
    with pytest.raises(Untrusted) as caught:
        verify_receipt(KEY.public, STATEMENT, sign_receipt(stranger, STATEMENT), stranger.key_id)
    assert caught.value.code == "unknown_receipt_key"
    with pytest.raises(Untrusted):
        verify_receipt(KEY.public, STATEMENT, sign_receipt(stranger, STATEMENT), KEY.key_id)


Parts = st.lists(
    st.one_of(st.binary(max_size=6), st.text(max_size=4).map(lambda t: t.encode("utf-8", "ignore")))
)


@given(Parts, Parts)
def test_different_parts_never_share_their_canonical_bytes(left: list[bytes], right: list[bytes]) -> None:
    assert (canonical("d", left) == canonical("d", right)) == (left == right)
    assert (canonical("d", [left]) == canonical("d", [right])) == (left == right)


def test_a_call_cannot_pass_for_a_citation() -> None:
    words = ("a", "b", "c")
    assert reply_digest("t", [words], [], "m") != reply_digest("t", [], [words], "m")
    assert reply_digest("t", [], [], "m") != reply_digest("", [], [], "tm")


def test_the_key_file_is_private_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "receipt.key"
    save_signing_key(path, KEY)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_signing_key(path).public == KEY.public
    path.write_bytes(b"short")
    with pytest.raises(BadConfig, match=r"receipt\.key"):
        load_signing_key(path)
