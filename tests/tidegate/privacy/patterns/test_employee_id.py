"""Staff and student numbers beside their name."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.employee_id import EMPLOYEE_ID

HITS = [
    ("employee ID E12345", ["E12345"]),
    ("Personalnummer: 004711", ["004711"]),
    ("student number S-778899", ["S-778899"]),
    ('"staff_id":"AB4471"', ["AB4471"]),
    ("badge no. 4471", ["4471"]),
    ("Matrikelnummer 1234567", ["1234567"]),
    ("Matrikelnr. 3456789", ["3456789"]),
    ("badge # 77120", ["77120"]),
    ("emp id E00412", ["E00412"]),
]
NEAR_MISSES = [
    "E12345",
    "employee of 1999",
    "student loan 1200",
    "employees: 12",
    "badge number missing",
    "staff id",
    "badge # missing",
    "emp identification",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(EMPLOYEE_ID,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
