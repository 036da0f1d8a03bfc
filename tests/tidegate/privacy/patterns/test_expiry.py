"""Expiry dates of cards beside their word."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.expiry import EXPIRY

HITS = [
    ("exp 12/26", ["12/26"]),
    ("valid thru 03/2028", ["03/2028"]),
    ("Expires: 01-27", ["01-27"]),
    ("gültig bis 09/29", ["09/29"]),
    ('"exp_date":"11/30"', ["11/30"]),
]
NEAR_MISSES = [
    "12/26",
    "exp 13/26",
    "3/26 of them",
    "experts 12/26",
    "expires 12/26/2027",
    "exp 12/26.5",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(EXPIRY,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
