"""Clock times with their sign, weekdays with last or next."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.clock import CLOCK

HITS = [
    ("call me at 5 pm please", ["5 pm"]),
    ("at 14:30 sharp", ["14:30"]),
    ("9:15 a.m.", ["9:15 a.m."]),
    ("um 14 Uhr", ["14 Uhr"]),
    ("gegen 7:45 Uhr", ["7:45 Uhr"]),
    ("last Tuesday she left", ["last Tuesday"]),
    ("next friday evening works", ["next friday evening"]),
    ("jeudi dernier", ["jeudi dernier"]),
    ("am letzten Mittwoch", ["letzten Mittwoch"]),
    ("next Monday at 5pm", ["next Monday at 5pm"]),
    ("on the lunes pasado", ["lunes pasado"]),
]
NEAR_MISSES = [
    "ratio 4:12",
    "gate 4:12",
    "on Monday",
    "at 12:30:45 UTC",
    "version 5.pm",
    "25 pm",
    "I am 5",
    "10:15",
    "scored 3:1 at home",
    "Friday night",
    "at 14:30:11.221",
    "1 amp",
    "the last Mondays",
    "port 80:443",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(CLOCK,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
