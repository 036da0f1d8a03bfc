"""Licence plates where the text speaks of one."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.plate import PLATE

HITS = [
    ("Kennzeichen B-AB 1234", ["B-AB 1234"]),
    ("license plate 7ABC123", ["7ABC123"]),
    ("number plate: AB12 CDE", ["AB12 CDE"]),
    ("immatriculation AB-123-CD", ["AB-123-CD"]),
    ("kenteken 12-ABC-3", ["12-ABC-3"]),
    ('{"plate":"KA01AB1234"}', ["KA01AB1234"]),
    ("license plate: abc 1234", ["abc 1234"]),
    ("placa ABC1D23", ["ABC1D23"]),
    ("rego ABC12D", ["ABC12D"]),
    ("tablica rejestracyjna WA 12345", ["WA 12345"]),
]
NEAR_MISSES = [
    "B-AB 1234",
    "AB-123-CD",
    "part AB12 CDE",
    "license plate holder",
    "plate thickness 12 mm",
    "registration is open",
    "plate 1234",
    "regular AB12",
    "license plate: on the car",
    "kennzeichen: siehe unten",
    "placa base",
    "rego is due",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(PLATE,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
