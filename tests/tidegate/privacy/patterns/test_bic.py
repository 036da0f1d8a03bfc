"""BIC only where a bank is spoken of."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.bic import BIC

HITS = [
    ("BIC: COBADEFFXXX", ["COBADEFFXXX"]),
    ("swift code DEUTDEFF", ["DEUTDEFF"]),
    ("IBAN DE89370400440532013000 COBADEFF", ["COBADEFF"]),
    ('{"bic":"INGBNL2A"}', ["INGBNL2A"]),
]
NEAR_MISSES = [
    "DEUTDEFF",
    "BIC: NOTABIC1",
    "swift code ABCDXXEF",
    "the BICYCLE shop",
    "bank HOLIDAYS",
    "a swift ANSWER",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(BIC,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
