"""Driving licences where they are named."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.driver_license import DRIVER_LICENSE

HITS = [
    ("driver's license D1234567", ["D1234567"]),
    ("driving licence: MORGA657054SM9IJ", ["MORGA657054SM9IJ"]),
    ("Führerschein B072RRE2I55", ["B072RRE2I55"]),
    ("MORGA657054SM9IJ", ["MORGA657054SM9IJ"]),
    ('{"driver_license":"S530-4609-4560"}', ["S530-4609-4560"]),
    ('"drivers_license": "F25592150094"', ["F25592150094"]),
    ("DLN: D12345678", ["D12345678"]),
    ("carnet de conducir 12345678Z", ["12345678Z"]),
    ("driver licence number 12345678", ["12345678"]),
    ("permis de conduire n° 12AB34567", ["12AB34567"]),
]
NEAR_MISSES = [
    "D1234567",
    "driving licence holder",
    "driver's license EXPIRED",
    "license: Apache-2.0",
    "bundle 12345678",
    "licencia de conducir vigente",
    "DLN stands for something",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(DRIVER_LICENSE,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
