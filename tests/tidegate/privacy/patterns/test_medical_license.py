"""Licence numbers of medical staff."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.medical_license import MEDICAL_LICENSE

HITS = [
    ("DEA AB1234563", ["AB1234563"]),
    ("DEA number: BB1234563", ["BB1234563"]),
    ("NPI 1234567893", ["1234567893"]),
    ("GMC no. 7012345", ["7012345"]),
    ("LANR 123456789", ["123456789"]),
    ("medical license A12345", ["A12345"]),
]
NEAR_MISSES = [
    "AB1234563",
    "NPI 1234567890",
    "NPI pending",
    "the deal AB1234563",
    "1234567893",
    "medical license renewed",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(MEDICAL_LICENSE,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
