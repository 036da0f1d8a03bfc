"""Certificates, enrolment tokens and TLS, with real certificates and real gRPC on loopback."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tidegate.identity import tls  # isort: skip

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tidegate.clock import SystemClock
from tidegate.errors import BadConfig, Unreachable, Untrusted
from tidegate.identity import authority as ca
from tidegate.identity.enrol import (
    Admitted,
    EnrolAsk,
    EnrolOutcome,
    EnrolRefusal,
    Refused,
    TokenRecord,
    TokenStore,
    admit,
    make_request,
    new_token,
)
from tidegate.identity.folder import (
    FolderTokens,
    RevokedSerials,
    load_authority,
    save_authority,
    save_service,
)
from tidegate.identity.names import PeerIdentity, Service, device_from_names
from tidegate.ids import DeviceId

NOW = SystemClock().now()
DEVICE = DeviceId("pump-room-01")
ROOT = ca.create_authority(NOW)


@dataclass
class MemoryTokens:
    """A TokenStore for one process."""

    records: dict[str, TokenRecord] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    certificates: dict[DeviceId, frozenset[int]] = field(default_factory=dict)

    def add(self, record: TokenRecord) -> None:
        self.records[record.token_id] = record

    def find(self, token_id: str) -> TokenRecord | None:
        return self.records.get(token_id)

    def use(self, token_id: str) -> bool:
        fresh = token_id in self.records and token_id not in self.used
        self.used.add(token_id)
        return fresh

    def issued(self, record: TokenRecord, serial: int) -> None:
        self.certificates[record.device] = self.certificates.get(record.device, frozenset()) | {serial}

    def serials(self) -> dict[DeviceId, frozenset[int]]:
        return self.certificates


@pytest.fixture(params=["memory", "folder"])
def tokens(request: pytest.FixtureRequest, tmp_path: Path) -> MemoryTokens | FolderTokens:
    return MemoryTokens() if request.param == "memory" else FolderTokens(tmp_path / "tokens")


def _token(store: TokenStore, device: DeviceId = DEVICE) -> str:
    text, record = new_token(device, NOW)
    store.add(record)
    return text


def test_a_token_buys_one_certificate_for_its_device_and_no_second(
    tokens: MemoryTokens | FolderTokens,
) -> None:
    token, key = _token(tokens), ca.new_key()
    first = admit(tokens, EnrolAsk(token, make_request(DEVICE, key)), ROOT, NOW + 60)
    assert isinstance(first, Admitted)
    certificate = x509.load_der_x509_certificate(first.certificate)
    assert certificate.public_key() == key.public_key()
    certificate.verify_directly_issued_by(ROOT.certificate)
    assert tokens.serials() == {DEVICE: frozenset({certificate.serial_number})}
    second = admit(tokens, EnrolAsk(token, make_request(DEVICE, key)), ROOT, NOW + 61)
    assert second == Refused(EnrolRefusal.USED)


def test_of_two_racers_with_one_token_exactly_one_wins(tmp_path: Path) -> None:
    store = FolderTokens(tmp_path)
    token, request = _token(store), make_request(DEVICE, ca.new_key())

    def attempt(_: int) -> EnrolOutcome:
        return admit(store, EnrolAsk(token, request), ROOT, NOW)

    with futures.ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(16)))
    assert sum(isinstance(outcome, Admitted) for outcome in outcomes) == 1


def test_a_token_dies_after_fifteen_minutes(tokens: TokenStore) -> None:
    ask = EnrolAsk(_token(tokens), make_request(DEVICE, ca.new_key()))
    assert admit(tokens, ask, ROOT, NOW + 900) == Refused(EnrolRefusal.EXPIRED)
    assert isinstance(admit(tokens, ask, ROOT, NOW + 899), Admitted)


def test_a_wrong_secret_and_an_unknown_token_look_the_same(tokens: TokenStore) -> None:
    token, request = _token(tokens), make_request(DEVICE, ca.new_key())
    wrong = token[:-1] + ("A" if token[-1] != "A" else "B")
    for text in (wrong, "", "tgt_0123456789abcdef_" + "A" * 43, token + "x", "tgt_../../etc_" + "A" * 43):
        assert admit(tokens, EnrolAsk(text, request), ROOT, NOW) == Refused(EnrolRefusal.UNKNOWN)
    assert isinstance(admit(tokens, EnrolAsk(token, request), ROOT, NOW), Admitted)


def _csr_with(names: list[x509.NameAttribute[str]], sans: list[x509.GeneralName]) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names))
    if sans:
        builder = builder.add_extension(x509.SubjectAlternativeName(sans), critical=False)
    return builder.sign(ca.new_key(), hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _cn(text: str) -> x509.NameAttribute[str]:
    return x509.NameAttribute(x509.NameOID.COMMON_NAME, text)


def _uri(text: str) -> x509.GeneralName:
    return x509.UniformResourceIdentifier(text)


def _rsa_request() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([_cn(DEVICE)]))
    builder = builder.add_extension(
        x509.SubjectAlternativeName([_uri(f"tidegate://dev/{DEVICE}")]), critical=False
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize(
    ("csr", "reason"),
    [
        (make_request(DeviceId("pump-room-02"), ca.new_key()), EnrolRefusal.WRONG_DEVICE),
        (_csr_with([_cn(DEVICE)], [_uri("tidegate://dev/pump-room-02")]), EnrolRefusal.WRONG_DEVICE),
        (_csr_with([_cn("svc.conductor")], [_uri("tidegate://svc/conductor")]), EnrolRefusal.WRONG_DEVICE),
        (
            _csr_with([_cn(DEVICE)], [_uri(f"tidegate://dev/{DEVICE}"), _uri("tidegate://svc/cloud")]),
            EnrolRefusal.WRONG_DEVICE,
        ),
        (_csr_with([_cn(DEVICE)], []), EnrolRefusal.BAD_REQUEST),
        (b"", EnrolRefusal.BAD_REQUEST),
        (b"\x30\x03\x02\x01\x00", EnrolRefusal.BAD_REQUEST),
        (b"x" * 9000, EnrolRefusal.BAD_REQUEST),
        (_rsa_request(), EnrolRefusal.WRONG_KEY),
    ],
)
def test_a_request_that_is_not_this_device_is_refused_and_the_token_survives(
    tokens: TokenStore, csr: bytes, reason: EnrolRefusal
) -> None:
    token = _token(tokens)
    assert admit(tokens, EnrolAsk(token, csr), ROOT, NOW) == Refused(reason)
    good = EnrolAsk(token, make_request(DEVICE, ca.new_key()))
    assert isinstance(admit(tokens, good, ROOT, NOW), Admitted)


def test_a_request_whose_signature_was_altered_is_refused(tokens: TokenStore) -> None:
    csr = bytearray(make_request(DEVICE, ca.new_key()))
    csr[-1] ^= 1
    outcome = admit(tokens, EnrolAsk(_token(tokens), bytes(csr)), ROOT, NOW)
    assert outcome == Refused(EnrolRefusal.BAD_REQUEST)


@pytest.mark.parametrize(
    ("names", "uris", "code"),
    [
        ([DEVICE], [], "wrong_san"),
        ([DEVICE], ["https://example.org"], "wrong_san"),
        ([DEVICE], ["tidegate://dev/UPPER-CASE"], "wrong_san"),
        ([DEVICE], ["tidegate://dev/+"], "wrong_san"),
        ([DEVICE], ["tidegate://dev/pump-room-01", "tidegate://dev/pump-room-02"], "wrong_san"),
        ([DEVICE], ["tidegate://svc/cloud"], "wrong_san"),
        (["pump-room-02"], ["tidegate://dev/pump-room-01"], "name_mismatch"),
        ([], ["tidegate://dev/pump-room-01"], "name_mismatch"),
        ([DEVICE, DEVICE], ["tidegate://dev/pump-room-01"], "name_mismatch"),
    ],
)
def test_names_that_do_not_say_one_device_once_are_refused(
    names: list[str], uris: list[str], code: str
) -> None:
    with pytest.raises(Untrusted) as caught:
        device_from_names(names, uris)
    assert caught.value.code == code
    assert device_from_names([DEVICE], [f"tidegate://dev/{DEVICE}"]) == DEVICE


# ------------------------------------------------------------------------------------------------------ real handshakes


def _material(
    certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, root: ca.Authority
) -> tls.TlsMaterial:
    return tls.TlsMaterial(
        ca.certificate_pem(certificate), ca.key_pem(key), ca.certificate_pem(root.certificate)
    )


def _device(root: ca.Authority = ROOT, *, now: float = NOW, days: float = 30) -> tls.TlsMaterial:
    key = ca.new_key()
    return _material(ca.issue_device(root, DEVICE, key.public_key(), now, days=days), key, ROOT)


def _service(service: Service = Service.CLOUD) -> tls.TlsMaterial:
    key = ca.new_key()
    return _material(ca.issue_service(ROOT, service, key.public_key(), NOW), key, ROOT)


Peers = list[PeerIdentity | str]


@contextmanager
def _door(credentials: grpc.ServerCredentials) -> Iterator[tuple[int, Peers]]:
    seen: Peers = []

    def who(request: bytes, context: grpc.ServicerContext) -> bytes:
        try:
            seen.append(tls.peer_from_auth_context(context.auth_context()))
        except Untrusted as e:
            seen.append(e.code)
            context.abort(grpc.StatusCode.UNAUTHENTICATED, e.code)
        return b"known"

    server = grpc.server(futures.ThreadPoolExecutor(2))
    method = {"Who": grpc.unary_unary_rpc_method_handler(who)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Door", method),))
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    try:
        yield port, seen
    finally:
        server.stop(0).wait()


def _call(port: int, credentials: grpc.ChannelCredentials) -> bytes | grpc.StatusCode:
    with grpc.secure_channel(f"127.0.0.1:{port}", credentials) as channel:
        try:
            ask = channel.unary_unary("/test.Door/Who", request_serializer=bytes, response_deserializer=bytes)
            answer: bytes = ask(b"", timeout=5)
            return answer
        except grpc.RpcError as e:
            return e.code()


def test_an_enrolled_device_is_known_by_name_and_serial() -> None:
    device = _device()
    serial = x509.load_pem_x509_certificate(device.certificate).serial_number
    with _door(tls.server_credentials(_service())) as (port, seen):
        assert _call(port, tls.channel_credentials(device)) == b"known"
    assert seen == [PeerIdentity(DEVICE, serial)]


@pytest.mark.parametrize(
    "credentials",
    [
        lambda: tls.channel_credentials(_device(ca.create_authority(NOW))),
        lambda: tls.channel_credentials(_device(now=NOW - 40 * 86400)),
        lambda: tls.channel_credentials(_device(now=NOW + 40 * 86400)),
        lambda: tls.enrolment_channel_credentials(_device().ca),
    ],
    ids=["other CA", "expired", "not yet valid", "no certificate"],
)
def test_a_caller_without_a_valid_certificate_never_reaches_the_door(
    credentials: Callable[[], grpc.ChannelCredentials],
) -> None:
    with _door(tls.server_credentials(_service())) as (port, seen):
        assert _call(port, credentials()) == grpc.StatusCode.UNAVAILABLE
    assert seen == []


def test_a_certificate_of_our_ca_that_names_no_device_is_refused_by_name() -> None:
    with _door(tls.server_credentials(_service())) as (port, seen):
        assert (
            _call(port, tls.channel_credentials(_service(Service.CONDUCTOR)))
            == grpc.StatusCode.UNAUTHENTICATED
        )
    assert seen == ["wrong_san"]


def test_a_device_cannot_pose_as_the_cloud() -> None:
    with _door(tls.server_credentials(_device())) as (port, seen):
        assert _call(port, tls.channel_credentials(_device())) == grpc.StatusCode.UNAVAILABLE
    assert seen == []


@pytest.mark.parametrize("mutual", [True, False])
def test_tls_12_is_refused_and_tls_13_is_not(mutual: bool) -> None:
    service = _service()
    credentials = tls.server_credentials(service) if mutual else tls.enrolment_server_credentials(service)
    with _door(credentials) as (port, _):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            _handshake(port, ssl.TLSVersion.TLSv1_2)
        assert _handshake(port, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"


def _handshake(port: int, version: ssl.TLSVersion) -> str | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = version
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as raw,
        context.wrap_socket(raw) as connection,
    ):
        return connection.version()


@pytest.mark.parametrize(
    ("context", "code"),
    [
        ({}, "no_certificate"),
        ({"x509_pem_cert": [b"-----BEGIN"], "ssl_tls_version": [b"TLSv1.3"]}, "bad_certificate"),
        ({"x509_pem_cert": [_device().certificate], "ssl_tls_version": [b"TLSv1.2"]}, "old_tls"),
        ({"x509_pem_cert": _device().certificate}, "old_tls"),
    ],
)
def test_a_connection_that_proves_nothing_is_refused(context: dict[str, list[bytes]], code: str) -> None:
    with pytest.raises(Untrusted) as caught:
        tls.peer_from_auth_context(context)
    assert caught.value.code == code


def test_a_device_pins_the_ca_by_fingerprint_before_it_trusts_anything() -> None:
    with _door(tls.enrolment_server_credentials(_service())) as (port, _):
        pinned = tls.fetch_pinned_ca("127.0.0.1", port, ROOT.fingerprint.upper())
        assert pinned == ca.certificate_pem(ROOT.certificate)
        with pytest.raises(Untrusted) as caught:
            tls.fetch_pinned_ca("127.0.0.1", port, ca.create_authority(NOW).fingerprint)
    assert caught.value.code == "wrong_ca"


def test_an_absent_enrolment_door_is_unreachable_not_untrusted() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unreachable):
        tls.fetch_pinned_ca("127.0.0.1", port, ROOT.fingerprint)


# --------------------------------------------------------------------------------------------------------- on the disk


def test_the_authority_folder_is_private_and_survives_a_round_trip(tmp_path: Path) -> None:
    folder = tmp_path / "ca"
    save_authority(folder, ROOT)
    save_service(tmp_path / "broker", ROOT, Service.BROKER, NOW)
    assert load_authority(folder).fingerprint == ROOT.fingerprint
    assert folder.stat().st_mode & 0o777 == 0o700
    for key in (folder / "root.key", tmp_path / "broker" / "key.pem"):
        assert key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BadConfig) as caught:
        save_authority(folder, ca.create_authority(NOW))
    assert caught.value.code == "already_initialised"


def test_a_missing_identity_names_the_file_and_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"cert\.pem.*enrol"):
        tls.client_context(tmp_path)


def test_a_revoked_serial_is_seen_by_every_reader_at_once(tmp_path: Path) -> None:
    writer, reader = RevokedSerials(tmp_path / "revoked.txt"), RevokedSerials(tmp_path / "revoked.txt")
    assert 7 not in reader
    writer.add(frozenset({7}))
    assert 7 in reader
    assert 8 not in reader
    crl = x509.load_pem_x509_crl(ca.revocation_list(ROOT, reader.all(), NOW))
    assert crl.get_revoked_certificate_by_serial_number(7) is not None
    assert crl.is_signature_valid(ROOT.certificate.public_key())  # type: ignore[arg-type]


def test_a_damaged_revocation_list_fails_closed(tmp_path: Path) -> None:
    (tmp_path / "revoked.txt").write_text("7\nx\n")
    with pytest.raises(BadConfig):
        _ = 7 in RevokedSerials(tmp_path / "revoked.txt")
