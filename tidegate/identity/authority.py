"""The private certificate authority: one P-256 root that signs device and service certificates and the revocation list.

Functions here take `now` and return values; keeping them on disk is `folder.py`'s work.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tidegate.identity.names import Service, device_uri, service_common_name, service_uri
from tidegate.ids import DeviceId

ROOT_DAYS = 3650
SERVICE_DAYS = 365
DEVICE_DAYS = 365  # a device asks for the next one after half of it; those of older releases never do
CRL_DAYS = 30
_SKEW = timedelta(minutes=5)  # certificates start a little in the past: device clocks are rarely exact


@dataclass(frozen=True, slots=True)
class Authority:
    """The root certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.certificate)


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate's DER, 64 hex digits: what a device pins before it has the CA."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS #8, not encrypted: the caller keeps it in a 0600 file."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def certificate_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def certificate_der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def create_authority(now: float, *, name: str = "Tidegate private CA") -> Authority:
    """A fresh root. `name` is shown by tools; nothing is decided by it."""
    key = new_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        _builder(subject, subject, key.public_key(), now, ROOT_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return Authority(builder.sign(key, hashes.SHA256()), key)


def issue_device(
    authority: Authority,
    device: DeviceId,
    public_key: ec.EllipticCurvePublicKey,
    now: float,
    *,
    days: float = DEVICE_DAYS,
) -> x509.Certificate:
    """A client certificate for one device. It cannot act as a server: no host name, no server usage."""
    return _leaf(
        authority,
        common_name=device,
        names=[x509.UniformResourceIdentifier(device_uri(device))],
        usages=[ExtendedKeyUsageOID.CLIENT_AUTH],
        public_key=public_key,
        now=now,
        days=days,
    )


def issue_service(
    authority: Authority,
    service: Service,
    public_key: ec.EllipticCurvePublicKey,
    now: float,
    *,
    hosts: Iterable[str] = (),
    days: float = SERVICE_DAYS,
) -> x509.Certificate:
    """A certificate for a part of the cloud tier, good as server and client on loopback and on `hosts`."""
    names: list[x509.GeneralName] = [
        x509.UniformResourceIdentifier(service_uri(service)),
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        *map(_host, hosts),
    ]
    return _leaf(
        authority,
        common_name=service_common_name(service),
        names=names,
        usages=[ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH],
        public_key=public_key,
        now=now,
        days=days,
    )


def revocation_list(authority: Authority, serials: Iterable[int], now: float) -> bytes:
    """The CRL in PEM, good for CRL_DAYS. A broker past that date locks everyone out, so it is made anew well before."""
    start = datetime.fromtimestamp(now, UTC) - _SKEW
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(start)
        .next_update(start + timedelta(days=CRL_DAYS))
    )
    for serial in sorted(set(serials)):
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(start).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _leaf(
    authority: Authority,
    *,
    common_name: str,
    names: list[x509.GeneralName],
    usages: list[x509.ObjectIdentifier],
    public_key: ec.EllipticCurvePublicKey,
    now: float,
    days: float,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = (
        _builder(subject, authority.certificate.subject, public_key, now, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False
        )
    )
    return builder.sign(authority.key, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, now: float, days: float
) -> x509.CertificateBuilder:
    start = datetime.fromtimestamp(now, UTC) - _SKEW
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + _SKEW + timedelta(days=days))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
