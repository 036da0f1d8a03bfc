"""User names beside their name, in home folders, as handles."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.username import USERNAME

HITS = [
    ("username: jdoe", ["jdoe"]),
    ("user=anna.schmidt ok", ["anna.schmidt"]),
    ("/home/jdoe/.ssh", ["jdoe"]),
    ("C:\\Users\\jdoe\\x", ["jdoe"]),
    ("follow @jdoe_91 on twitter", ["@jdoe_91"]),
    ('{"username":"jdoe"}', ["jdoe"]),
    ("login: j.doe", ["j.doe"]),
    ("Benutzername: mmuster", ["mmuster"]),
]
NEAR_MISSES = [
    "user is happy",
    "user = load(x)",
    "user=user",
    "/home/user/x",
    "@property",
    "username: null",
    "users: 12",
    "user=self.name",
    "handle=handle",
    "login failed",
    "pip install @angular/core",
    "root:x:0:0",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(USERNAME,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
