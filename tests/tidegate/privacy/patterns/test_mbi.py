"""Medicare beneficiary identifiers."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.mbi import MBI

HITS = [
    ("1EG4-TE5-MK73", ["1EG4-TE5-MK73"]),
    ("Medicare 1EG4TE5MK73", ["1EG4TE5MK73"]),
    ("MBI: 9AA9AA9AA99", ["9AA9AA9AA99"]),
]
NEAR_MISSES = [
    "1EG4TE5MK73",
    "0EG4-TE5-MK73",
    "1SG4-TE5-MK73",
    "1EG4-TE5-MK7",
    "x1EG4-TE5-MK73",
    "medicare costs 1200",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(MBI,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
