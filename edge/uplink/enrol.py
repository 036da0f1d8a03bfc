"""Enrolment on the device: a key is made here and stays here; a one-time token and a request for a certificate go out.

The device has no CA yet, so it pins one: by the SHA-256 the operator gave with the token. Nothing is sent to a server
that does not present that CA.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# tidegate.identity.tls comes before grpc: it switches TLS 1.2 off.
from tidegate.identity import tls  # isort: skip

import grpc
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tidegate.errors import BadConfig, BadRequest, Unreachable, Untrusted
from tidegate.fs import write_durably
from tidegate.identity.authority import certificate_pem, key_pem, new_key
from tidegate.identity.certificates import read_leaf
from tidegate.identity.enrol import make_request
from tidegate.identity.names import device_from_names
from tidegate.ids import DeviceId
from tidegate.wire.v1 import escalation_pb2 as wire
from tidegate.wire.v1 import escalation_pb2_grpc as stubs

TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What enrolment left in the identity folder: `key.pem`, `cert.pem`, `ca.pem`, `receipt.pub`, `root.json`."""

    device: DeviceId
    serial: int
    folder: Path


def enrol(address: str, token: str, device: DeviceId, ca_fingerprint: str, folder: Path) -> Enrolled:
    """Enrols this device once. `address` is host:port of the enrolment door.

    Safe to repeat until it succeeds: the key is made once. Raises Untrusted (`wrong_ca`, `bad_answer`), Unreachable,
    BadRequest (the door's closed reason) and BadConfig (`already_enrolled`).
    """
    if (folder / "cert.pem").exists():
        raise BadConfig(
            f"{folder} already holds a certificate",
            code="already_enrolled",
            hint="remove the folder to enrol anew",
        )
    host, port = parse_address(address)
    ca = tls.fetch_pinned_ca(host, port, ca_fingerprint)
    key = _own_key(folder)
    reply = _ask(address, ca, wire.EnrolRequest(token=token, csr=make_request(device, key)))
    return _keep(reply, device=device, key=key, ca=ca, folder=folder)


def parse_address(address: str) -> tuple[str, int]:
    """`host:port`. Raises BadRequest."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise BadRequest(
            "an address is host:port, for example 127.0.0.1:8444", code="bad_address", param="address"
        )
    return host.strip("[]"), int(port)


def _own_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    """The device's key: made and written (0600, folder 0700) before anything is asked for."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "key.pem"
    if path.exists():
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key
    fresh = new_key()
    write_durably(path, key_pem(fresh))
    return fresh


def _ask(address: str, ca: bytes, request: wire.EnrolRequest) -> wire.EnrolReply:
    try:
        with grpc.secure_channel(address, tls.enrolment_channel_credentials(ca)) as channel:
            stub = stubs.EnrolmentStub(channel)
            reply: object = stub.Enrol(request, timeout=TIMEOUT_S)
    except grpc.RpcError as e:
        raise _translated(e) from e
    if not isinstance(reply, wire.EnrolReply):
        raise Untrusted("the enrolment door answered with something else", code="bad_answer")
    return reply


def _translated(error: grpc.RpcError) -> BadRequest | Unreachable:
    code = error.code()
    if code in (
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.UNAUTHENTICATED,
    ):
        reason = error.details() or "refused"
        return BadRequest(
            f"enrolment refused: {reason}",
            code=reason,
            hint="ask for a new token with `tidegate fleet token DEVICE`",
        )
    return Unreachable(
        "the enrolment door did not answer", hint="the token is still good if it was not used; try again"
    )


def _keep(
    reply: wire.EnrolReply, *, device: DeviceId, key: ec.EllipticCurvePrivateKey, ca: bytes, folder: Path
) -> Enrolled:
    """Checks that the certificate is ours, from the pinned CA, then writes it last: its presence means "enrolled"."""
    try:
        certificate = x509.load_der_x509_certificate(reply.certificate)
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(ca))
    except (ValueError, TypeError, InvalidSignature) as e:
        raise Untrusted("the certificate was not issued by the pinned CA", code="bad_answer") from e
    pem = certificate_pem(certificate)
    leaf = read_leaf(pem)
    ours = (
        certificate.public_key() == key.public_key()
        and device_from_names(leaf.common_names, leaf.uris) == device
    )
    if not ours or len(reply.receipt_key) != 32:
        raise Untrusted("the certificate is not for this device's key and name", code="bad_answer")
    write_durably(folder / "ca.pem", ca)
    write_durably(folder / "receipt.pub", reply.receipt_key)
    if reply.update_root:
        write_durably(folder / "root.json", reply.update_root)
    write_durably(folder / "cert.pem", pem)
    return Enrolled(device, leaf.serial, folder)
