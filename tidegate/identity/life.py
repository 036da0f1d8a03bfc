"""How long a certificate lives, and when its holder asks for the next one. Pure but for reading the bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography import x509

from tidegate.identity.names import PeerRefusal, refused

EARLIEST = 1 / 3  # of its life: before, the authority gives no other
_FROM, _WIDTH = 0.55, 0.1  # of its life: all devices together ask between 55 and 65 %, well before two thirds

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Life:
    """Seconds since 1970 UTC."""

    begins: float
    ends: float
    serial: int

    @property
    def renew_at(self) -> float:
        """The same moment whenever it is asked for; another one for each certificate, so that a fleet enrolled in one hour
        does not come back in one."""
        digest = hashlib.sha256(self.serial.to_bytes(20, "big")).digest()
        chance = int.from_bytes(digest[:6], "big") / 2**48
        return self.begins + (self.ends - self.begins) * (_FROM + _WIDTH * chance)

    def used(self, now: float) -> float:
        """How much of its life is over: 0 when it begins, 1 when it ends."""
        return (now - self.begins) / max(self.ends - self.begins, 1.0)

    def days_left(self, now: float) -> float:
        return (self.ends - now) / DAY_S


def life_of(pem: bytes) -> Life:
    """Raises Untrusted (`bad_certificate`)."""
    try:
        found = x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise refused(PeerRefusal.BAD_CERTIFICATE, "the certificate cannot be read") from error
    return Life(
        found.not_valid_before_utc.timestamp(), found.not_valid_after_utc.timestamp(), found.serial_number
    )
