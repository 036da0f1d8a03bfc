"""Bodies by what they are."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.institution import INSTITUTION

HITS = [
    ("at University of Leeds in", ["University of Leeds"]),
    ("Bank of Aldermoor 5.8 %", ["Bank of Aldermoor"]),
    ("class at Kessel University in", ["Kessel University"]),
    ("the pharmacist at Northgate Pharmacy gave", ["Northgate Pharmacy"]),
    ("starts at Willow Bank Primary School", ["Willow Bank Primary School"]),
    ("Lake Nigel City Council voted", ["Lake Nigel City Council"]),
    ("die Universität von Wien", ["Universität von Wien"]),
    ("St. Margit Hospital", ["St. Margit Hospital"]),
    ("Cedar Credit Union", ["Cedar Credit Union"]),
]
NEAR_MISSES = [
    "the university of life",
    "a Hospital",
    "High School",
    "City Council",
    "The Bank of the river is steep",
    "my Hotel",
    "Primary School",
    "public Housing",
    "The Institute",
    "bank of memory",
    "New Church",
    "Medical Center",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(INSTITUTION,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
