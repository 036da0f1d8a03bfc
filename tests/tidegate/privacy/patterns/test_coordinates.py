"""Positions on the map, not vectors."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.coordinates import COORDINATES

HITS = [
    ("at 52.3702, 4.8952", ["52.3702, 4.8952"]),
    ("-33.8688, 151.2093", ["-33.8688, 151.2093"]),
    ("52.370° N, 4.895° E", ["52.370° N, 4.895° E"]),
    ("52°22'12\"N 4°53'42\"E", ["52°22'12\"N 4°53'42\"E"]),
    ('{"lat":52.3702,"lon":4.8952}', ["52.3702", "4.8952"]),
    ("geo:52.3702,4.8952", ["52.3702,4.8952"]),
    ("latitude = -12.345", ["-12.345"]),
    ("52,520008; 13,404954", ["52,520008; 13,404954"]),
    ("GPS N52 31.2 E13 24.3", ["N52 31.2 E13 24.3"]),
    ("N 40° 26.767' W 79° 58.933'", ["N 40° 26.767' W 79° 58.933'"]),
]
NEAR_MISSES = [
    "0.1234, 0.5678",
    "[0.12345, -0.98765, 0.55555]",
    "1.5, 2.5",
    "99.1234, 4.8952",
    "3.14159",
    "52.3702",
    "1.2345, 2.3456, 3.4567",
    "12.50, 13.75",
    "v1.2345",
    "(0,1234; 0,5678)",
    "N 4 and W 5",
    "S 12 5 E",
    "section N52 31",
    "1,2345 2,3456",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(COORDINATES,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
