"""PEM blocks of private keys."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.private_key import PRIVATE_KEY

HITS = [
    (
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- ok",
        ["-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"],
    ),
    ("-----BEGIN PRIVATE KEY-----\ncut off", ["-----BEGIN PRIVATE KEY-----\ncut off"]),
    (
        "x\n-----BEGIN PGP PRIVATE KEY BLOCK-----\nabc\n-----END PGP PRIVATE KEY BLOCK-----\ny",
        ["-----BEGIN PGP PRIVATE KEY BLOCK-----\nabc\n-----END PGP PRIVATE KEY BLOCK-----"],
    ),
    (
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n-----END OPENSSH PRIVATE KEY-----",
        ["-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n-----END OPENSSH PRIVATE KEY-----"],
    ),
    ("PuTTY-User-Key-File-3: ssh-ed25519", ["PuTTY-User-Key-File-3: ssh-ed25519"]),
]
NEAR_MISSES = [
    "-----BEGIN PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE-----",
    "a private key is a secret",
    "BEGIN PRIVATE KEY",
    "-----END PRIVATE KEY-----",
    "PuTTY-User-Key-File is a format",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(PRIVATE_KEY,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
