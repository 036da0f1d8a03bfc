"""Open location codes."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.plus_code import PLUS_CODE

HITS = [
    ("meet at 9F4MGC22+22 now", ["9F4MGC22+22"]),
    ("849VCWC8+R9", ["849VCWC8+R9"]),
    ("(8FVC9G8F+6XQ)", ["8FVC9G8F+6XQ"]),
]
NEAR_MISSES = [
    "22222222+33",
    "CWC8+R9",
    "9F4MGC22+2",
    "x9F4MGC22+22",
    "ABCDEFGH+IJ",
    "a+b",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(PLUS_CODE,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
