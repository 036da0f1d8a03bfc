"""Years of somebody's life."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.year import YEAR

HITS = [
    ("I have worked here since 2019.", ["2019"]),
    ("she moved to Lyon in 1987, alone", ["1987"]),
    ("He died in 2003.", ["2003"]),
    ("in early 1995 we met", ["early 1995"]),
    ("the course ran in summer 2018", ["summer 2018"]),
    ("fall 2022 was hard", ["fall 2022"]),
    ("Ich wohne seit 2011 hier", ["2011"]),
    ("J'habite ici depuis 2009.", ["2009"]),
    ("customer since 2014", ["2014"]),
    ("from 1999 until 2004 he taught", ["1999", "2004"]),
]
NEAR_MISSES = [
    "The standard was revised in 2015.",
    "since 2019 the plant is closed",
    "in 2000 ms we stop",
    "He ran in 2020 m",
    "RFC 2019",
    "my order 2019",
    "in 1850 he wrote",
    "I counted to 2019",
    "in 2019-03",
    "Spring 5.3",
    "summer of code",
    "we have in 2015.5",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(YEAR,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
