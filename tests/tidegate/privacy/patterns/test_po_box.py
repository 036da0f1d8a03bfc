"""Post office boxes."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.po_box import PO_BOX

HITS = [
    ("P.O. Box 1234", ["P.O. Box 1234"]),
    ("Postfach 1234", ["Postfach 1234"]),
    ("PO Box 77, Springfield, IL 62701", ["PO Box 77, Springfield, IL 62701"]),
    ("Postbus 40, 1000 AA Amsterdam", ["Postbus 40, 1000 AA Amsterdam"]),
    ("Postfach 10 20 30, 60313 Frankfurt", ["Postfach 10 20 30, 60313 Frankfurt"]),
    ("BP 12", ["BP 12"]),
    ("GPO Box 2890", ["GPO Box 2890"]),
    ("Locked Bag 123", ["Locked Bag 123"]),
    ("PMB 1234", ["PMB 1234"]),
    ("POB 1234", ["POB 1234"]),
]
NEAR_MISSES = [
    "box 1234",
    "the box 12",
    "Postfach",
    "P.O. Box",
    "BPM 12",
    "x PO boxer 12",
    "BP 120/80",
    "BP 138 over 85",
    "BP 120 mmHg",
    "a locked bag",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(PO_BOX,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
