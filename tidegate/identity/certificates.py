"""Certificates from outside, read once into a plain value."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import NameOID

from tidegate.identity.names import PeerRefusal, refused


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a certificate says about its holder."""

    common_names: tuple[str, ...]
    uris: tuple[str, ...]
    serial: int


def read_leaf(pem: bytes) -> Leaf:
    """Raises Untrusted (`bad_certificate`) for bytes that are no certificate."""
    try:
        return _leaf(x509.load_pem_x509_certificate(pem))
    except ValueError as e:
        raise refused(PeerRefusal.BAD_CERTIFICATE, "the caller's certificate cannot be read") from e


def _leaf(certificate: x509.Certificate) -> Leaf:
    names = tuple(str(n.value) for n in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME))
    return Leaf(names, _uris(certificate.extensions), certificate.serial_number)


def _uris(extensions: x509.Extensions) -> tuple[str, ...]:
    try:
        alternative = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(alternative.get_values_for_type(x509.UniformResourceIdentifier))
