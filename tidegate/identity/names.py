"""Names as they stand in certificates. Pure.

A device is `CN = <id>`, `SAN URI = tidegate://dev/<id>`. A service is `CN = svc.<name>`, `SAN URI = tidegate://svc/<name>`:
the dot keeps a service's broker user name out of reach of every device id (`[a-z0-9-]{8,40}`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tidegate.errors import BadRequest, Untrusted
from tidegate.ids import DeviceId, device_id

_DEVICE_PREFIX = "tidegate://dev/"
_SERVICE_PREFIX = "tidegate://svc/"


class Service(StrEnum):
    """The parts of the cloud tier that hold a certificate."""

    CLOUD = "cloud"
    CONDUCTOR = "conductor"
    BROKER = "broker"


class PeerRefusal(StrEnum):
    """Why a peer is not believed. Also the `code` of the Untrusted error."""

    NO_CERTIFICATE = "no_certificate"
    BAD_CERTIFICATE = "bad_certificate"
    OLD_TLS = "old_tls"
    WRONG_SAN = "wrong_san"
    NAME_MISMATCH = "name_mismatch"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class PeerIdentity:
    """A device, as proved by its certificate. `serial` is what a revocation names."""

    device_id: DeviceId
    serial: int


def device_uri(device: DeviceId) -> str:
    return _DEVICE_PREFIX + device


def service_uri(service: Service) -> str:
    return _SERVICE_PREFIX + service.value


def service_common_name(service: Service) -> str:
    return "svc." + service.value


def device_from_names(common_names: Iterable[str], uris: Iterable[str]) -> DeviceId:
    """The device a certificate names: exactly one `tidegate://` URI, a device's, and the same id as its one CN.

    Raises Untrusted with a PeerRefusal code. Other URIs are refused too: two names are one too many.
    """
    ours = list(uris)
    if len(ours) != 1 or not ours[0].startswith(_DEVICE_PREFIX):
        raise refused(PeerRefusal.WRONG_SAN, "the certificate does not name a device")
    try:
        device = device_id(ours[0].removeprefix(_DEVICE_PREFIX))
    except BadRequest as e:
        raise refused(PeerRefusal.WRONG_SAN, "the certificate's device name is malformed") from e
    if list(common_names) != [device]:
        raise refused(PeerRefusal.NAME_MISMATCH, "the certificate's common name and device name differ")
    return device


def refused(why: PeerRefusal, message: str) -> Untrusted:
    """The error for a peer that is not believed; `code` is the closed reason."""
    return Untrusted(message, code=why.value)
