"""US social security numbers."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.ssn import SSN

HITS = [
    ("SSN 536-22-1234", ["536-22-1234"]),
    ("536-22-1234", ["536-22-1234"]),
    ("536 22 1234", ["536 22 1234"]),
    ("ssn: 536221234", ["536221234"]),
    ("social security number is 536.22.1234", ["536.22.1234"]),
    ('{"ssn":"536-22-1234"}', ["536-22-1234"]),
    ("ITIN 912-70-1234", ["912-70-1234"]),
    ("invalid ssn 000-12-3456", ["000-12-3456"]),
    ("SSN ending in 1120", ["1120"]),
    ("SSN: ***-**-1120", ["1120"]),
    ("last four of my SSN are 1120", ["1120"]),
]
NEAR_MISSES = [
    "000-12-3456",
    "666-12-3456",
    "536-00-1234",
    "536-22-0000",
    "536221234",
    "1536-22-1234",
    "536-22-12345",
    "536-221-234",
    "978-3-16-148410-0",
    "A-536-22-1234",
    "SSN 000-00-0000",
    "+688 90 1234",
    "2024-01-02",
    "last four of the list are 1120",
    "the SSN ends here",
    "card ending in 1120",
    "***-**-1120",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(SSN,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
