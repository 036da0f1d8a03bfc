"""Enrolment: a one-time token and a key made on the device become a certificate.

`admit` is the whole decision. The token is bound to one device id, lives 15 minutes, works once, and is stored as a
digest only. The request is checked before the token is spent, so a malformed request costs nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tidegate.errors import BadRequest, Untrusted
from tidegate.identity.authority import Authority, certificate_der, issue_device
from tidegate.identity.names import device_from_names, device_uri
from tidegate.ids import DeviceId

TOKEN_LIFE_S = 15 * 60
MAX_CSR_BYTES = 8192
_TOKEN = re.compile(r"tgt_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")


class EnrolRefusal(StrEnum):
    """Why no certificate was issued. Callers outside learn only this word."""

    UNKNOWN = "bad_token"
    EXPIRED = "token_expired"
    USED = "token_used"
    BAD_REQUEST = "bad_request"
    WRONG_KEY = "wrong_key"
    WRONG_DEVICE = "wrong_device"


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """What is kept of a token. `secret_digest` is the SHA-256 of its secret half, hex."""

    token_id: str
    secret_digest: str = field(repr=False)
    device: DeviceId
    expires_at: float


class TokenStore(Protocol):
    """Keeps token records. `use` is atomic across processes: of all callers exactly one gets True.

    `issued` notes which certificate a token bought, so that a device can be revoked by its name.
    """

    def add(self, record: TokenRecord) -> None: ...

    def find(self, token_id: str) -> TokenRecord | None: ...

    def use(self, token_id: str) -> bool: ...

    def issued(self, record: TokenRecord, serial: int) -> None: ...


@dataclass(frozen=True, slots=True)
class EnrolAsk:
    """An enrolment request as it came in."""

    token: str = field(repr=False)
    csr: bytes = field(repr=False)  # PKCS #10, DER


@dataclass(frozen=True, slots=True)
class Admitted:
    """A fresh certificate (DER) and the chain above it (DER, root last)."""

    device: DeviceId
    serial: int
    certificate: bytes = field(repr=False)
    chain: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    reason: EnrolRefusal


EnrolOutcome = Admitted | Refused


def new_token(device: DeviceId, now: float, *, life_s: float = TOKEN_LIFE_S) -> tuple[str, TokenRecord]:
    """A token to hand to the device's installer (shown once), and the record to keep."""
    token_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    return f"tgt_{token_id}_{secret}", TokenRecord(token_id, _digest(secret), device, now + life_s)


def admit(store: TokenStore, ask: EnrolAsk, ca: Authority, now: float) -> EnrolOutcome:
    """Issues a certificate, or says which rule refused. The token is spent only when everything else is right."""
    record = _known(store, ask.token)
    if record is None:
        return Refused(EnrolRefusal.UNKNOWN)
    if now >= record.expires_at:
        return Refused(EnrolRefusal.EXPIRED)
    key = checked_key(ask.csr, record.device)
    if isinstance(key, EnrolRefusal):
        return Refused(key)
    if not store.use(record.token_id):
        return Refused(EnrolRefusal.USED)
    certificate = issue_device(ca, record.device, key, now)
    store.issued(record, certificate.serial_number)
    return Admitted(
        record.device,
        certificate.serial_number,
        certificate_der(certificate),
        (certificate_der(ca.certificate),),
    )


def make_request(device: DeviceId, key: ec.EllipticCurvePrivateKey) -> bytes:
    """The CSR (DER) a device sends. The key stays where it is."""
    builder = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, device)]))
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(device_uri(device))]), critical=False
        )
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _known(store: TokenStore, token: str) -> TokenRecord | None:
    """The record of a token whose secret is right; the comparison takes the same time wherever it differs."""
    parts = _TOKEN.fullmatch(token)
    record = store.find(parts[1]) if parts else None
    if parts is None or record is None:
        return None
    return record if hmac.compare_digest(record.secret_digest, _digest(parts[2])) else None


def checked_key(csr: bytes, device: DeviceId) -> ec.EllipticCurvePublicKey | EnrolRefusal:
    """The public key of a well-formed request for exactly this device."""
    if len(csr) > MAX_CSR_BYTES:
        return EnrolRefusal.BAD_REQUEST
    try:
        request = x509.load_der_x509_csr(csr)
        if not request.is_signature_valid:
            return EnrolRefusal.BAD_REQUEST
        names = tuple(str(n.value) for n in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME))
        uris = _uris(request)
        key = request.public_key()
    except (ValueError, TypeError, x509.ExtensionNotFound, x509.DuplicateExtension):
        return EnrolRefusal.BAD_REQUEST
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        return EnrolRefusal.WRONG_KEY
    return key if _names(names, uris) == device else EnrolRefusal.WRONG_DEVICE


def _uris(request: x509.CertificateSigningRequest) -> tuple[str, ...]:
    alternative = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return tuple(alternative.get_values_for_type(x509.UniformResourceIdentifier))


def _names(names: tuple[str, ...], uris: tuple[str, ...]) -> DeviceId | None:
    try:
        return device_from_names(names, uris)
    except (BadRequest, Untrusted):
        return None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
