"""Years of birth beside their word."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.birth import BIRTH

HITS = [
    ("born in 1985", ["1985"]),
    ("Jahrgang 1962", ["1962"]),
    ('"birth_year": 1990', ["1990"]),
    ("née en 1971", ["1971"]),
    ("geboren 1958", ["1958"]),
    ("year of birth: 2001", ["2001"]),
    ("b. 1947", ["1947"]),
]
NEAR_MISSES = [
    "1985",
    "founded in 1985",
    "born 12 days ago",
    "airborne 1985x",
    "in 1985",
    "born in 3985",
    "sub. 1947a",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(BIRTH,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
