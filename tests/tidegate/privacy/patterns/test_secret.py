"""High-entropy values beside a word that says secret."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.secret import SECRET

HITS = [
    ("api_key=9f8a7b6c5d4e3f2a1b0c", ["9f8a7b6c5d4e3f2a1b0c"]),
    ('{"client_secret":"Zx8Qp2Lm9Vt4Rw7Yk1"}', ["Zx8Qp2Lm9Vt4Rw7Yk1"]),
    ("Authorization: Bearer a1B2c3D4e5F6g7H8", ["a1B2c3D4e5F6g7H8"]),
    ("token: 8d7f6a5b4c3d2e1f0a9b", ["8d7f6a5b4c3d2e1f0a9b"]),
    ("Bearer abcdef0123456789xyz", ["abcdef0123456789xyz"]),
    ("the access key is Q7w8E9r0T1y2U3i4", ["Q7w8E9r0T1y2U3i4"]),
    (
        "AQVNabcdefghijklmnop0123456789ABCDEFGHIJKLM is my api key",
        ["AQVNabcdefghijklmnop0123456789ABCDEFGHIJKLM"],
    ),
    ("JSESSIONID=1A2B3C4D5E6F7A8B9C0D1E2F3A4B5C6D", ["1A2B3C4D5E6F7A8B9C0D1E2F3A4B5C6D"]),
    (
        "SECRET_KEY = 'django-insecure-abc123!@#def456$%^ghi789&*(jkl012'",
        ["django-insecure-abc123!@#def456$%^ghi789&*(jkl012"],
    ),
]
NEAR_MISSES = [
    "token: authentication",
    "api_key=your_key_here",
    "9f8a7b6c5d4e3f2a1b0c",
    "secret: aaaaaaaaaaaa1111",
    "the key is under the mat",
    "secret garden",
    "key: value",
    "token count 1234567890123",
    "session: afternoon2",
    "cookie=banner",
    "jsessionid is a cookie",
    "patience is the key",
    "SECRET_KEY = 'see the docs'",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(SECRET,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
