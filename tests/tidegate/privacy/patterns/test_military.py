"""Addresses of the forces."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.military import MILITARY

HITS = [
    ("PSC 1241, Box 5868, APO AP 25384", ["PSC 1241, Box 5868, APO AP 25384"]),
    ("at Unit 2734 Box 6468\nDPO AA 12345, ask", ["Unit 2734 Box 6468\nDPO AA 12345"]),
    ("USS Jones\nFPO AE 12345", ["USS Jones\nFPO AE 12345"]),
    ("psc 6220, box 2508\napo aa 06841", ["psc 6220, box 2508\napo aa 06841"]),
    ("FPO, AP 96601-1234", ["FPO, AP 96601-1234"]),
    ("CMR 415 Box 7, APO AE 09114", ["CMR 415 Box 7, APO AE 09114"]),
]
NEAR_MISSES = [
    "Unit 12 failed the test",
    "the box 2508",
    "USS Enterprise sails",
    "an APO is a post",
    "unit 7 of 12",
    "dpo contact: legal",
    "APO ax",
    "psc 12 blocks",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(MILITARY,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
