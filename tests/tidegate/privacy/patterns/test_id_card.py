"""Identity cards beside their name."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.id_card import ID_CARD

HITS = [
    ("identity card C01X00T47", ["C01X00T47"]),
    ("ID card no. 123456789", ["123456789"]),
    ("Ausweisnummer: L01X00T471", ["L01X00T471"]),
    ("carte d'identité 880692310285", ["880692310285"]),
    ("carta d'identità CA12345AB", ["CA12345AB"]),
    ("dowód osobisty ABS123456", ["ABS123456"]),
]
NEAR_MISSES = [
    "C01X00T47",
    "identity card expired",
    "ID card holder",
    "the id card of 12",
    "carte blanche 123456789",
    "green card lottery",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(ID_CARD,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
