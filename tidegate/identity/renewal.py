"""Renewal: a device that is known by its certificate gets the next one. `renew` is the whole decision, at the authority.

What proves the device is the connection: mutual TLS with a certificate that is neither over nor revoked. The request proves
the new key. The names come from the present certificate, never from the request alone. The old certificate stays good until
its end, so that a device whose power is cut in between is not locked out; revoking a device takes all of them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from tidegate.identity.authority import Authority, certificate_der, issue_device
from tidegate.identity.enrol import Admitted, EnrolRefusal, checked_key
from tidegate.identity.life import EARLIEST, Life
from tidegate.ids import DeviceId


class RenewRefusal(StrEnum):
    """Why there is no new certificate. Callers outside learn only this word."""

    TOO_EARLY = "too_early"  # the present one has hardly been used
    BAD_REQUEST = "bad_request"
    WRONG_KEY = "wrong_key"
    WRONG_DEVICE = "wrong_device"


class IssuedNotes(Protocol):
    """Keeps which certificates a device has, so that it can be revoked by its name. On disk when it returns."""

    def renewed(self, device: DeviceId, serial: int) -> None: ...


_SAME = {
    EnrolRefusal.BAD_REQUEST: RenewRefusal.BAD_REQUEST,
    EnrolRefusal.WRONG_KEY: RenewRefusal.WRONG_KEY,
    EnrolRefusal.WRONG_DEVICE: RenewRefusal.WRONG_DEVICE,
}


def renew(
    notes: IssuedNotes, device: DeviceId, present: Life, csr: bytes, ca: Authority, now: float
) -> Admitted | RenewRefusal:
    """Issues a certificate for a new key of `device`, whose present certificate lives as `present`, or says which rule refused."""
    if present.used(now) < EARLIEST:
        return RenewRefusal.TOO_EARLY
    key = checked_key(csr, device)
    if isinstance(key, EnrolRefusal):
        return _SAME.get(key, RenewRefusal.BAD_REQUEST)
    certificate = issue_device(ca, device, key, now)
    notes.renewed(device, certificate.serial_number)
    return Admitted(
        device,
        certificate.serial_number,
        certificate_der(certificate),
        (certificate_der(ca.certificate),),
    )
