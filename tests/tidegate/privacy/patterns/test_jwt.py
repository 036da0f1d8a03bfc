"""JSON web tokens: header, claims, signature."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.jwt import JWT

HITS = [
    (
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-DEF_123",
        ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-DEF_123"],
    ),
    ("t=eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0In0.", ["eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0In0"]),
    ('"eyJ0eXAiOiJKV1QifQ.eyJpc3MiOiJ4In0xx"', ["eyJ0eXAiOiJKV1QifQ.eyJpc3MiOiJ4In0xx"]),
]
NEAR_MISSES = [
    "eyJ",
    "eyJhbGci",
    "keyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0In0",
    "eyJ.eyJ.x",
    "the word eyJection.is none",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(JWT,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
