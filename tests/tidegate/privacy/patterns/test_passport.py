"""Passport numbers where they are named."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.passport import PASSPORT

HITS = [
    ("passport X1234567", ["X1234567"]),
    ("Passport No. 123456789", ["123456789"]),
    ("Reisepass C01X00T47", ["C01X00T47"]),
    ('{"passport_number":"AB1234567"}', ["AB1234567"]),
    ("passport: 12AB34567", ["12AB34567"]),
    ("<passport>X1234567</passport>", ["X1234567"]),
    ("Pass-Nr. C01X0006H", ["C01X0006H"]),
    ('customerPassportNumber: "X1234567"', ["X1234567"]),
    ("passeport n° 12AB34567", ["12AB34567"]),
    ("passport N 1234567", ["N 1234567"]),
    ("passport no (India) J8369854", ["J8369854"]),
    ("| Passport | GB1234567 |", ["GB1234567"]),
    ("паспорт 4509 123456", ["4509 123456"]),
]
NEAR_MISSES = [
    "X1234567",
    "passport control",
    "passport photos",
    "passport expired",
    "passport 12",
    "order AB1234567",
    "passport N 12",
    "passport no (expired)",
    "Pass-Nr. fehlt",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(PASSPORT,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
