"""MAC addresses."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.mac import MAC

HITS = [
    ("00:1A:2B:3C:4D:5E", ["00:1A:2B:3C:4D:5E"]),
    ("00-1a-2b-3c-4d-5f ok", ["00-1a-2b-3c-4d-5f"]),
    ("001a.2b3c.4d5e", ["001a.2b3c.4d5e"]),
    ("mac address 001a2b3c4d5e", ["001a2b3c4d5e"]),
    ('{"mac":"aa:bb:cc:dd:ee:01"}', ["aa:bb:cc:dd:ee:01"]),
    ("00:11:22:33:44:55:66:77", ["00:11:22:33:44:55:66:77"]),
    ("mac 00 1A 2B 3C 4D 5E", ["00 1A 2B 3C 4D 5E"]),
    ("mac addr: 001a-2b3c-4d5e", ["001a-2b3c-4d5e"]),
]
NEAR_MISSES = [
    "00:00:00:00:00:00",
    "ff:ff:ff:ff:ff:ff",
    "00:1A:2B:3C:4D",
    "AA:BB:CC:DD:EE:01:02:03:04:05",
    "12:34:56",
    "2024-01-02-03-04-05-06",
    "1234.5678.9012.3456",
    "001a2b3c4d5e",
    "de-ad-be-ef-ca-fe",
    "mac 00 1A",
    "mac and 12 34",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(MAC,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
