"""Who gets the next certificate, and when a device asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509

from tidegate.errors import Untrusted
from tidegate.identity import authority as ca
from tidegate.identity.enrol import Admitted, make_request
from tidegate.identity.folder import FolderTokens
from tidegate.identity.life import EARLIEST, Life, life_of
from tidegate.identity.renewal import RenewRefusal, renew
from tidegate.ids import DeviceId

NOW = 1_790_000_000.0
DAY = 86_400.0
DEVICE, OTHER = DeviceId("device-one"), DeviceId("device-two")
ROOT = ca.create_authority(NOW)


@dataclass
class Notes:
    kept: list[tuple[DeviceId, int]] = field(default_factory=list)

    def renewed(self, device: DeviceId, serial: int) -> None:
        self.kept.append((device, serial))


def life(used: float) -> Life:
    """A year of which so much is over."""
    return Life(NOW - used * 365 * DAY, NOW + (1 - used) * 365 * DAY, 7)


def test_a_device_gets_a_certificate_for_its_new_key_and_it_is_noted() -> None:
    notes, key = Notes(), ca.new_key()
    found = renew(notes, DEVICE, life(0.6), make_request(DEVICE, key), ROOT, NOW)
    assert isinstance(found, Admitted)
    certificate = x509.load_der_x509_certificate(found.certificate)
    certificate.verify_directly_issued_by(ROOT.certificate)
    assert certificate.public_key() == key.public_key()
    assert notes.kept == [(DEVICE, certificate.serial_number)]
    assert life_of(ca.certificate_pem(certificate)).days_left(NOW) == pytest.approx(365, abs=0.1)


@pytest.mark.parametrize(
    ("request_", "used", "why"),
    [
        (make_request(OTHER, ca.new_key()), 0.6, RenewRefusal.WRONG_DEVICE),
        (b"noise", 0.6, RenewRefusal.BAD_REQUEST),
        (b"x" * 9000, 0.6, RenewRefusal.BAD_REQUEST),
        (make_request(DEVICE, ca.new_key()), 0.3, RenewRefusal.TOO_EARLY),
        (make_request(DEVICE, ca.new_key()), 0.0, RenewRefusal.TOO_EARLY),
    ],
)
def test_anything_else_is_refused_and_nothing_is_noted(
    request_: bytes, used: float, why: RenewRefusal
) -> None:
    notes = Notes()
    assert renew(notes, DEVICE, life(used), request_, ROOT, NOW) is why
    assert notes.kept == []


def test_a_device_asks_before_two_thirds_and_never_so_early_that_it_is_refused() -> None:
    asked = [Life(0.0, 1.0, serial).renew_at for serial in range(1, 2000)]
    assert all(EARLIEST < at < 2 / 3 for at in asked)
    assert max(asked) - min(asked) > 0.09  # spread over a tenth of the life
    assert Life(0.0, 1.0, 5).renew_at == Life(0.0, 1.0, 5).renew_at


def test_what_is_no_certificate_has_no_life() -> None:
    with pytest.raises(Untrusted):
        life_of(b"noise")


def test_a_device_that_is_revoked_by_name_loses_its_renewed_certificates_too(tmp_path: Path) -> None:
    tokens = FolderTokens(tmp_path)
    tokens.renewed(DEVICE, 0xABCDEF)
    tokens.renewed(DEVICE, 12)
    tokens.renewed(OTHER, 13)
    assert tokens.serials() == {DEVICE: frozenset({0xABCDEF, 12}), OTHER: frozenset({13})}
