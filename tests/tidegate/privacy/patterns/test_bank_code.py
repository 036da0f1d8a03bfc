"""Bank codes beside their name, proved where they can be."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.bank_code import BANK_CODE

HITS = [
    ("sort code 20-00-00", ["20-00-00"]),
    ("routing number 021000021", ["021000021"]),
    ("BLZ 37040044", ["37040044"]),
    ("CLABE 032180000118359719", ["032180000118359719"]),
    ("BSB 062-000", ["062-000"]),
    ("IFSC HDFC0001234", ["HDFC0001234"]),
]
NEAR_MISSES = [
    "20-00-00",
    "routing table 12",
    "021000021",
    "aba 12",
    "BLZ unknown",
    "rerouting 12345678x",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(BANK_CODE,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
