"""Insurance numbers beside their name."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.insurance import INSURANCE

HITS = [
    ("health insurance no. A123456789", ["A123456789"]),
    ("member ID 99887766", ["99887766"]),
    ("policy number HX4471120", ["HX4471120"]),
    ("Versichertennummer: A123456780", ["A123456780"]),
    ("insurance number: 11-223344", ["11-223344"]),
    ('"member_id":"XYZ998877"', ["XYZ998877"]),
    ("BCBS ID XYP882910233", ["XYP882910233"]),
    ("Versicherungsnummer 65 170839 J 008", ["65 170839 J 008"]),
    ("group no. 98765 member no. 123456789", ["98765", "123456789"]),
]
NEAR_MISSES = [
    "A123456789",
    "insurance costs 1200",
    "policy number unknown",
    "member of 1999",
    "the policy 12 applies",
    "group number one",
    "group no one knows",
    "policy # is missing",
    "member no. unknown",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(INSURANCE,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
