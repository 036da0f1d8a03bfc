"""Enrolment over real gRPC: the key stays, the CA is pinned, the token works once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edge.uplink.enrol import enrol, parse_address

from tidegate.identity import tls  # isort: skip

import grpc

from tidegate.clock import SystemClock
from tidegate.errors import BadConfig, BadRequest, Unreachable, Untrusted
from tidegate.identity import authority as ca
from tidegate.identity.enrol import Admitted, EnrolAsk, admit, new_token
from tidegate.identity.folder import FolderTokens
from tidegate.identity.names import Service
from tidegate.ids import DeviceId
from tidegate.signing.receipts import new_signing_key
from tidegate.wire.v1 import escalation_pb2 as wire

NOW = SystemClock().now()
DEVICE = DeviceId("pump-room-01")
ROOT = ca.create_authority(NOW)
RECEIPT_KEY = new_signing_key().public

Twist = Callable[[wire.EnrolReply], wire.EnrolReply]


@dataclass(frozen=True)
class Door:
    port: int
    tokens: FolderTokens

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def token(self, device: DeviceId = DEVICE) -> str:
        text, record = new_token(device, NOW)
        self.tokens.add(record)
        return text


@contextmanager
def open_door(folder: Path, twist: Twist = lambda reply: reply) -> Iterator[Door]:
    tokens = FolderTokens(folder / "tokens")

    def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
        message = wire.EnrolRequest.FromString(request)
        outcome = admit(tokens, EnrolAsk(message.token, message.csr), ROOT, NOW)
        if not isinstance(outcome, Admitted):
            context.abort(grpc.StatusCode.PERMISSION_DENIED, outcome.reason.value)
            raise AssertionError("abort raises")
        reply = wire.EnrolReply(
            certificate=outcome.certificate,
            chain=list(outcome.chain),
            receipt_key=RECEIPT_KEY,
            update_root=b"{}",
        )
        return twist(reply).SerializeToString()

    key = ca.new_key()
    certificate = ca.issue_service(ROOT, Service.CLOUD, key.public_key(), NOW)
    material = tls.TlsMaterial(
        ca.certificate_pem(certificate), ca.key_pem(key), ca.certificate_pem(ROOT.certificate)
    )
    server = grpc.server(futures.ThreadPoolExecutor(2))
    handler = {"Enrol": grpc.unary_unary_rpc_method_handler(answer)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("tidegate.v1.Enrolment", handler),))
    port = server.add_secure_port("127.0.0.1:0", tls.enrolment_server_credentials(material))
    server.start()
    try:
        yield Door(port, tokens)
    finally:
        server.stop(0).wait()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with open_door(tmp_path) as opened:
        yield opened


def test_a_device_enrols_and_keeps_its_key_to_itself(door: Door, tmp_path: Path) -> None:
    folder = tmp_path / "identity"
    done = enrol(door.address, door.token(), DEVICE, ROOT.fingerprint, folder)
    assert door.tokens.serials() == {DEVICE: frozenset({done.serial})}
    assert sorted(path.name for path in folder.iterdir()) == [
        "ca.pem",
        "cert.pem",
        "key.pem",
        "receipt.pub",
        "root.json",
    ]
    assert (folder / "key.pem").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "receipt.pub").read_bytes() == RECEIPT_KEY
    assert tls.load_material(folder).ca == ca.certificate_pem(ROOT.certificate)
    tls.client_context(folder)
    with pytest.raises(BadConfig) as caught:
        enrol(door.address, door.token(), DEVICE, ROOT.fingerprint, folder)
    assert caught.value.code == "already_enrolled"


def test_a_used_token_does_not_enrol_a_second_device(door: Door, tmp_path: Path) -> None:
    token = door.token()
    enrol(door.address, token, DEVICE, ROOT.fingerprint, tmp_path / "one")
    with pytest.raises(BadRequest) as caught:
        enrol(door.address, token, DEVICE, ROOT.fingerprint, tmp_path / "two")
    assert caught.value.code == "token_used"
    assert not (tmp_path / "two" / "cert.pem").exists()


def test_a_token_for_one_device_does_not_enrol_another(door: Door, tmp_path: Path) -> None:
    with pytest.raises(BadRequest) as caught:
        enrol(door.address, door.token(), DeviceId("pump-room-02"), ROOT.fingerprint, tmp_path / "two")
    assert caught.value.code == "wrong_device"


def test_nothing_is_sent_to_a_server_with_another_ca(door: Door, tmp_path: Path) -> None:
    token = door.token()
    with pytest.raises(Untrusted) as caught:
        enrol(door.address, token, DEVICE, "0" * 64, tmp_path / "one")
    assert caught.value.code == "wrong_ca"
    enrol(door.address, token, DEVICE, ROOT.fingerprint, tmp_path / "one")


def _other_key(reply: wire.EnrolReply) -> wire.EnrolReply:
    certificate = ca.issue_device(ROOT, DEVICE, ca.new_key().public_key(), NOW)
    return wire.EnrolReply(certificate=ca.certificate_der(certificate), receipt_key=reply.receipt_key)


def _other_ca(reply: wire.EnrolReply) -> wire.EnrolReply:
    certificate = ca.issue_device(ca.create_authority(NOW), DEVICE, ca.new_key().public_key(), NOW)
    return wire.EnrolReply(certificate=ca.certificate_der(certificate), receipt_key=reply.receipt_key)


@pytest.mark.parametrize(
    "twist",
    [
        _other_key,
        _other_ca,
        lambda reply: wire.EnrolReply(certificate=b"no certificate", receipt_key=reply.receipt_key),
        lambda reply: wire.EnrolReply(certificate=reply.certificate, receipt_key=b"short"),
    ],
    ids=["another key", "another CA", "no certificate", "no receipt key"],
)
def test_an_answer_that_is_not_ours_leaves_the_device_unenrolled(tmp_path: Path, twist: Twist) -> None:
    with open_door(tmp_path, twist) as door, pytest.raises(Untrusted) as caught:
        enrol(door.address, door.token(), DEVICE, ROOT.fingerprint, tmp_path / "one")
    assert caught.value.code == "bad_answer"
    assert not (tmp_path / "one" / "cert.pem").exists()


def test_a_second_try_uses_the_same_key(door: Door, tmp_path: Path) -> None:
    folder = tmp_path / "one"
    with pytest.raises(BadRequest):
        enrol(door.address, "tgt_nonsense", DEVICE, ROOT.fingerprint, folder)
    key = (folder / "key.pem").read_bytes()
    enrol(door.address, door.token(), DEVICE, ROOT.fingerprint, folder)
    assert (folder / "key.pem").read_bytes() == key


def test_a_door_that_is_shut_can_be_tried_again(door: Door, tmp_path: Path) -> None:
    shut = replace(door, port=9)
    with pytest.raises(Unreachable):
        enrol(shut.address, door.token(), DEVICE, ROOT.fingerprint, tmp_path / "one")


@pytest.mark.parametrize(
    "address", ["", "localhost", "localhost:", ":80", "localhost:0", "localhost:70000", "a:b"]
)
def test_an_address_is_host_and_port(address: str) -> None:
    with pytest.raises(BadRequest):
        parse_address(address)


def test_an_ipv6_address_may_be_in_brackets() -> None:
    assert parse_address("[::1]:8444") == ("::1", 8444)
