"""TLS 1.3 and nothing older, for gRPC, MQTT and the enrolment channel; and the peer's name out of a connection.

grpcio has no option for a minimum version. A cipher list that only names a suite no TLS 1.2 peer offers leaves TLS 1.3
(whose suites are not in that list) as the only one that works; gRPC reads the list from the environment once, so it is
set here, when this module is imported, before grpc is. `peer_from_auth_context` checks the version again on every call.
"""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.errors import BadConfig, Broken
from tidegate.identity.names import PeerIdentity, PeerRefusal, device_from_names, refused

if TYPE_CHECKING:
    import grpc

_SUITES = "GRPC_SSL_CIPHER_SUITES"
_ONLY_13 = "PSK-AES128-CBC-SHA"
_IN_TIME = "grpc" not in sys.modules or os.environ.get(_SUITES) == _ONLY_13
os.environ[_SUITES] = _ONLY_13


@dataclass(frozen=True, slots=True)
class TlsMaterial:
    """A certificate (with what must be sent beside it), its key, and the only CA that is believed. All PEM."""

    certificate: bytes = field(repr=False)
    key: bytes = field(repr=False)
    ca: bytes = field(repr=False)


def load_material(folder: Path) -> TlsMaterial:
    """Reads `cert.pem`, `key.pem` and `ca.pem`. Raises BadConfig naming the file that is missing."""
    return TlsMaterial(*(_read(folder / name) for name in ("cert.pem", "key.pem", "ca.pem")))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as e:
        raise BadConfig(
            f"{path}: {e.strerror or 'cannot be read'}",
            code="no_identity",
            hint="enrol this device or run `tidegate fleet init`",
        ) from e


def server_credentials(material: TlsMaterial) -> grpc.ServerCredentials:
    """For the Escalations door: every caller must hold a certificate of our CA."""
    import grpc

    _require_in_time()
    return grpc.ssl_server_credentials(
        [(material.key, material.certificate)], root_certificates=material.ca, require_client_auth=True
    )


def enrolment_server_credentials(material: TlsMaterial) -> grpc.ServerCredentials:
    """For the Enrolment door: the server proves itself and sends the CA along, so that a device can pin it."""
    import grpc

    _require_in_time()
    return grpc.ssl_server_credentials([(material.key, material.certificate + material.ca)])


def channel_credentials(material: TlsMaterial) -> grpc.ChannelCredentials:
    """For the device's uplink: our CA only, with our certificate."""
    import grpc

    _require_in_time()
    return grpc.ssl_channel_credentials(
        root_certificates=material.ca, private_key=material.key, certificate_chain=material.certificate
    )


def enrolment_channel_credentials(ca: bytes) -> grpc.ChannelCredentials:
    """For a device that has the (pinned) CA but no certificate yet."""
    import grpc

    _require_in_time()
    return grpc.ssl_channel_credentials(root_certificates=ca)


def client_context(folder: Path) -> ssl.SSLContext:
    """For the MQTT session: TLS 1.3, our certificate, our CA only, the broker's host name checked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _only_13(context)
    load_material(folder)  # a clear error before OpenSSL's
    context.load_verify_locations(folder / "ca.pem")
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def fetch_pinned_ca(host: str, port: int, ca_fingerprint: str, *, timeout_s: float = 10.0) -> bytes:
    """The CA certificate (PEM) that a server sends in its chain, if its SHA-256 is the pinned one.

    The connection itself is not trusted and carries nothing else. Raises Untrusted (`wrong_ca`) and Unreachable.
    """
    from tidegate.identity.pin import chain_of, pick_pinned

    return pick_pinned(chain_of(host, port, timeout_s=timeout_s), ca_fingerprint)


def peer_from_auth_context(context: Mapping[str, Sequence[bytes] | bytes]) -> PeerIdentity:
    """The device behind a gRPC call, from `context.auth_context()`. Raises Untrusted with a PeerRefusal code.

    grpcio gives lists of bytes; its published types say plain bytes. Both are read.
    """
    from tidegate.identity.certificates import read_leaf

    certificate = _first(context, "x509_pem_cert")
    if not certificate:
        raise refused(PeerRefusal.NO_CERTIFICATE, "the caller showed no certificate")
    if _first(context, "ssl_tls_version") != b"TLSv1.3":
        raise refused(PeerRefusal.OLD_TLS, "the connection is not TLS 1.3")
    leaf = read_leaf(certificate)
    return PeerIdentity(device_from_names(leaf.common_names, leaf.uris), leaf.serial)


def _first(context: Mapping[str, Sequence[bytes] | bytes], key: str) -> bytes:
    value = context.get(key, b"")
    return value if isinstance(value, bytes) else next(iter(value), b"")


def _only_13(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.maximum_version = ssl.TLSVersion.TLSv1_3


def _require_in_time() -> None:
    if not _IN_TIME:
        raise Broken(
            "grpc was imported before tidegate.identity.tls, so TLS 1.2 could not be switched off",
            code="tls_not_restricted",
        )
