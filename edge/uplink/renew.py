"""The device's next certificate, asked for over the present one, proven, and only then put in its place.

Files of the identity folder, in their order: `key.next.pem` (made before anything is asked for), `cert.next.pem` (checked: ours,
of our CA, for that key), then a probe of the cloud under both, then two renames: key, certificate. `settle` finishes the second
after a power cut. Until the probe has succeeded everything uses the old ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tidegate.clock import Clock
from tidegate.errors import BadRequest, TidegateError, Unreachable, Untrusted
from tidegate.failpoint import failpoint
from tidegate.fs import fsync_dir, write_durably
from tidegate.identity.authority import certificate_pem, key_pem, new_key
from tidegate.identity.certificates import read_leaf
from tidegate.identity.enrol import make_request
from tidegate.identity.life import Life, life_of
from tidegate.identity.names import device_from_names
from tidegate.identity.tls import TlsMaterial, load_material
from tidegate.ids import DeviceId
from tidegate.logs import Log

KEY, CERTIFICATE = "key.pem", "cert.pem"
NEXT_KEY, NEXT_CERTIFICATE = "key.next.pem", "cert.next.pem"
AGAIN_S = 3600.0
UNKNOWN_THERE_S = 86_400.0  # a cloud of an older release: asked once a day
_LOOK_S = 3600.0  # a device that slept looks again at the clock this often


class RenewWire(Protocol):
    """The channel under the present certificate. Raises Unreachable, Untrusted, BadRequest (the cloud knows no renewal)."""

    async def renew(self, csr: bytes) -> bytes:
        """A certificate (DER)."""
        ...


Prove = Callable[[TlsMaterial], Awaitable[None]]
"""Speaks to the cloud under this certificate alone. Raises Unreachable and Untrusted."""
Adopt = Callable[[TlsMaterial], Awaitable[None]]
"""The channel goes on under this certificate."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """`chance`: from 0 to 1, spreads the tries of a fleet."""

    folder: Path
    wire: RenewWire
    prove: Prove
    adopt: Adopt
    clock: Clock
    chance: Callable[[], float]
    log: Log

    async def run(self) -> None:
        """For as long as the daemon runs: sleeps until it is due, renews, and tries again later when it cannot."""
        while True:
            try:
                left = self.life().renew_at - self.clock.now()
            except (OSError, Untrusted):
                left = _LOOK_S  # somebody is at the files; `tidegate edge doctor` says what is wrong
            if left > 0:
                await asyncio.sleep(min(left, _LOOK_S))
            else:
                await asyncio.sleep(await self.tried() * (0.5 + self.chance()))

    async def tried(self) -> float:
        """One try. Returns the seconds after which to look again; never raises on account of the cloud."""
        try:
            fresh = await self.renew()
        except BadRequest as error:
            self.log.warning("cloud_cannot_renew", code=error.code)
            return UNKNOWN_THERE_S
        except (TidegateError, OSError) as error:
            self.log.error("certificate_not_renewed", error, alert=True)
            return AGAIN_S
        self.log.info("certificate_renewed", count=int(fresh.days_left(self.clock.now())))
        return AGAIN_S

    def life(self) -> Life:
        return life_of((self.folder / CERTIFICATE).read_bytes())

    async def renew(self) -> Life:
        """The next certificate is in use when this returns. Raises with the old one in use."""
        present = load_material(self.folder)
        leaf = read_leaf(present.certificate)
        device = device_from_names(leaf.common_names, leaf.uris)
        key = _next_key(self.folder)
        if not (self.folder / NEXT_CERTIFICATE).exists():
            issued = await self.wire.renew(make_request(device, key))
            failpoint("edge.renew.asked")
            pem = _checked(issued, present.ca, device, key)
            write_durably(self.folder / NEXT_CERTIFICATE, pem)
        failpoint("edge.renew.kept")
        fresh = TlsMaterial((self.folder / NEXT_CERTIFICATE).read_bytes(), key_pem(key), present.ca)
        try:
            await self.prove(fresh)
        except Unreachable:
            raise  # the next try proves the same one
        except TidegateError:
            self._drop()
            raise
        put_in_place(self.folder)
        await self.adopt(fresh)
        return life_of(fresh.certificate)

    def _drop(self) -> None:
        """A certificate that the cloud does not believe is of no use; the key neither."""
        for name in (NEXT_CERTIFICATE, NEXT_KEY):
            (self.folder / name).unlink(missing_ok=True)


def put_in_place(folder: Path) -> None:
    """The proven pair becomes the device's: first the key, then the certificate that is of no use without it."""
    (folder / NEXT_KEY).replace(folder / KEY)
    fsync_dir(folder)
    failpoint("edge.renew.half")
    (folder / NEXT_CERTIFICATE).replace(folder / CERTIFICATE)
    fsync_dir(folder)


def settle(folder: Path) -> None:
    """After a power cut between the two renames: the second one. Anything else is left for the next try."""
    if not (folder / NEXT_CERTIFICATE).exists() or (folder / NEXT_KEY).exists():
        return
    try:
        key = serialization.load_pem_private_key((folder / KEY).read_bytes(), password=None)
        next_one = x509.load_pem_x509_certificate((folder / NEXT_CERTIFICATE).read_bytes())
    except (OSError, ValueError):
        return  # whoever loads them says what is wrong
    if key.public_key() == next_one.public_key():
        (folder / NEXT_CERTIFICATE).replace(folder / CERTIFICATE)
        fsync_dir(folder)
    else:
        (folder / NEXT_CERTIFICATE).unlink()  # of a key that is gone


def _next_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    """The key of the next certificate: on disk (0600) before anybody hears of it; the same until it is in use."""
    path = folder / NEXT_KEY
    if path.exists():
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key
    (folder / NEXT_CERTIFICATE).unlink(missing_ok=True)  # of no use without its key
    fresh = new_key()
    write_durably(path, key_pem(fresh))
    return fresh


def _checked(issued: bytes, ca: bytes, device: DeviceId, key: ec.EllipticCurvePrivateKey) -> bytes:
    """The certificate as PEM. Raises Untrusted unless it is from the CA that we have, for our name and our key."""
    try:
        certificate = x509.load_der_x509_certificate(issued)
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(ca))
    except (ValueError, TypeError, InvalidSignature) as error:
        raise Untrusted(
            "the new certificate is not of the CA that this device believes", code="bad_answer"
        ) from error
    pem = certificate_pem(certificate)
    leaf = read_leaf(pem)
    if (
        certificate.public_key() != key.public_key()
        or device_from_names(leaf.common_names, leaf.uris) != device
    ):
        raise Untrusted("the new certificate is not for this device's key and name", code="bad_answer")
    return pem
