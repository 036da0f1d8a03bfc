"""IMEI with its check digit, or named."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.imei import IMEI

HITS = [
    ("IMEI 490154203237518", ["490154203237518"]),
    ("35-209900-176148-1", ["35-209900-176148-1"]),
    ("imei: 352099001761482", ["352099001761482"]),
    ('{"imei":"352099001761481"}', ["352099001761481"]),
    ("device 352099001761481", ["352099001761481"]),
    ("IMEI/MEID: A0000012345678", ["A0000012345678"]),
]
NEAR_MISSES = [
    "352099001761482",
    "123456789012345",
    "order 35209900176148",
    "IMEI is on the box, order 490154203237511",
    "35-209900-176148-2",
    "3520990017614811",
    "x352099001761481",
    "35.209900",
    "MEID of the phone",
    "meid code",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(IMEI,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
