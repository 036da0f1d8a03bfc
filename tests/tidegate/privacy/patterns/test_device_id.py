"""SIM cards and device ids."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.device_id import DEVICE_ID

HITS = [
    ("8944500102198304826", ["8944500102198304826"]),
    ("IMSI 310150123456789", ["310150123456789"]),
    ("idfa: 6D92078A-8246-4BA4-AE5B-76104861E7DC", ["6D92078A-8246-4BA4-AE5B-76104861E7DC"]),
    ("android_id=9774d56d682e549c", ["9774d56d682e549c"]),
    ('"device_id":"550e8400-e29b-41d4-a716-446655440000"', ["550e8400-e29b-41d4-a716-446655440000"]),
]
NEAR_MISSES = [
    "8944500102198304827",
    "310150123456789",
    "550e8400-e29b-41d4-a716-446655440000",
    "commit 9774d56d682e549c",
    "device id unknown",
    "sim card inserted",
    "id 9774d56d682e549c",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(DEVICE_ID,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
