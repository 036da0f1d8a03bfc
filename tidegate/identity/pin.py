"""A server's certificate chain before any CA is known, and the one certificate in it that was pinned by fingerprint."""

from __future__ import annotations

import hmac
import socket
import ssl
from collections.abc import Sequence

from cryptography import x509

from tidegate.errors import Unreachable, Untrusted
from tidegate.identity.authority import certificate_pem, fingerprint


def chain_of(host: str, port: int, *, timeout_s: float) -> list[bytes]:
    """The DER certificates a TLS 1.3 server sends, leaf first. Unverified: only for pinning. Raises Unreachable."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])  # a gRPC server hangs up on a client that does not offer it
    try:
        with (
            socket.create_connection((host, port), timeout=timeout_s) as raw,
            context.wrap_socket(raw, server_hostname=host) as connection,
        ):
            return _unverified_chain(connection)
    except OSError as e:
        raise Unreachable(
            f"the enrolment door at {host}:{port} did not answer", hint="check the address, then try again"
        ) from e


def pick_pinned(chain: Sequence[bytes], ca_fingerprint: str) -> bytes:
    """The certificate (PEM) whose SHA-256 is `ca_fingerprint` (hex, any case, colons allowed). Raises Untrusted."""
    wanted = ca_fingerprint.replace(":", "").strip().lower()
    for der in chain:
        certificate = x509.load_der_x509_certificate(der)
        if hmac.compare_digest(fingerprint(certificate), wanted):
            return certificate_pem(certificate)
    raise Untrusted(
        "the server does not present the CA with the pinned fingerprint",
        code="wrong_ca",
        hint="nothing was sent; check the address and the fingerprint",
    )


def _unverified_chain(connection: ssl.SSLSocket) -> list[bytes]:
    """Public from Python 3.13; until then the same call sits on the inner object (present since 3.10)."""
    inner: object = getattr(connection, "_sslobj", None)
    for owner in (connection, inner):
        read: object = getattr(owner, "get_unverified_chain", None)
        if callable(read):
            return [_der(certificate) for certificate in read()]
    leaf = connection.getpeercert(binary_form=True)
    return [leaf] if leaf else []


def _der(certificate: object) -> bytes:
    """3.13 gives bytes; before, objects whose PEM is `public_bytes()`."""
    if isinstance(certificate, bytes):
        return certificate
    public_bytes: object = getattr(certificate, "public_bytes", None)
    pem: object = public_bytes() if callable(public_bytes) else ""
    return ssl.PEM_cert_to_DER_cert(pem) if isinstance(pem, str) else b""
