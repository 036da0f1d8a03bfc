"""Postal codes whose shape or neighbours tell."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.postal import POSTAL

HITS = [
    ("zip code: 8607 PV", ["8607 PV"]),
    ("postcode hg4 9za", ["hg4 9za"]),
    ("London SW1A 1AA", ["SW1A 1AA"]),
    ("Ottawa K1A 0B1", ["K1A 0B1"]),
    ("1012 AB Amsterdam", ["1012 AB", "Amsterdam"]),
    ("Portland, OR 97201", ["97201"]),
    ("Portland, OR 97201-4321", ["97201-4321"]),
    (", 10115 Berlin", ["10115", "Berlin"]),
    ("zip code 94105", ["94105"]),
    ("PLZ: 10115", ["10115"]),
    ('{"postcode":"SW1A1AA"}', ["SW1A1AA"]),
    ("CEP 01310-100", ["01310-100"]),
]
NEAR_MISSES = [
    "part QZ1A 1AA",
    "97201",
    "10115 units",
    "A1A",
    "size 1012 AB",
    "in 2024 IT costs",
    "XX 97201",
    "room 12345",
    "M1 2CV",
    "zip 12",
    "CEP de São Paulo",
    "postnummer mangler",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(POSTAL,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
