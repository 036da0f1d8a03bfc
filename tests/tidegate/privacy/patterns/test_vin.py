"""Vehicle identification numbers."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.vin import VIN

HITS = [
    ("VIN 1M8GDM9AXKP042788", ["1M8GDM9AXKP042788"]),
    ("1HGCM82633A004352", ["1HGCM82633A004352"]),
    ("Fahrgestellnummer WVWZZZ1JZXW000001", ["WVWZZZ1JZXW000001"]),
    ('{"vin":"1hgcm82633a004352"}', ["1hgcm82633a004352"]),
    ("FIN WDB9634031L738999", ["WDB9634031L738999"]),
]
NEAR_MISSES = [
    "1M8GDM9AXKP042789",
    "WVWZZZ1JZXW000001",
    "ABCDEFGHJKLMNPRST",
    "12345678901234567",
    "1M8GDM9AXKP04278",
    "1M8GDM9AXKP0427888",
    "IOQGDM9AXKP042788",
    "FIN DES TRAVAUX 12345678901234567",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(VIN,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
