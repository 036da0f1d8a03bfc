"""SSH public keys with their comment."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.ssh_key import SSH_KEY

HITS = [
    (
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7vbqajDhAjKk eva@laptop",
        ["ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7vbqajDhAjKk eva@laptop"],
    ),
    (
        "ssh-ed25519 AAAAB3NzaC1yc2EAAAADAQABAAABAQC7vbqajDhAjKk",
        ["ssh-ed25519 AAAAB3NzaC1yc2EAAAADAQABAAABAQC7vbqajDhAjKk"],
    ),
    (
        "key: ecdsa-sha2-nistp256 AAAAB3NzaC1yc2EAAAADAQABAAABAQC7vbqajDhAjKk== x",
        ["ecdsa-sha2-nistp256 AAAAB3NzaC1yc2EAAAADAQABAAABAQC7vbqajDhAjKk=="],
    ),
]
NEAR_MISSES = [
    "ssh-rsa",
    "ssh-rsa AAAA",
    "ssh-keygen -t ed25519",
    "use ssh-rsa AAAA... keys",
    "xssh-rsa-AAAAB3NzaC1yc2EAAAADAQABAAABAQC7vbqajDhAjKk",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(SSH_KEY,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
