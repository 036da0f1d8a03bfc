"""Ages of people."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.age import AGE

HITS = [
    ("34 years old", ["34 years old"]),
    ("a 34-year-old man", ["34-year-old"]),
    ("aged 34", ["34"]),
    ("and her son is 12.", ["12"]),
    ("a poem for Franz, who turns 21 today.", ["21"]),
    ("my daughter turned 7, and we went out", ["7"]),
    ("he is 41 and she is 39", ["41", "39"]),
    ('{"age": 34}', ["34"]),
    ("34 Jahre alt", ["34 Jahre alt"]),
    ("der 34-jährige", ["34-jährige"]),
    ("34 jaar oud", ["34 jaar oud"]),
    ("34 y/o", ["34 y/o"]),
    ("age: 7", ["7"]),
    ("I'm 69 and well", ["69"]),
    ("a woman in her thirties", ["thirties"]),
    ("he is in his mid 50s", ["50s"]),
    ("she turned 96 in Porto", ["96"]),
    ("he died at 71 in Rome", ["71"]),
    ("at the age of 40 she left", ["40"]),
    ("6 months old", ["6 months old"]),
    ("a man of 33 rang", ["33"]),
    ("j'ai 34 ans", ["34"]),
    ("tengo 34 años", ["34"]),
    ("34 yo", ["34 yo"]),
    ("ik ben 34", ["34"]),
    ("| age | 41 |", ["41"]),
]
NEAR_MISSES = [
    "34 years",
    "her son is 12 km away",
    "she is 3rd in line",
    "the answer is 42.",
    "he was 0.5 s faster",
    "her son is 12, 13 or so",
    "max-age=300",
    "age 12.5 mm",
    "page 34",
    "340 years old",
    "v34 years old",
    "3.4 years old",
    "stage: 34",
    "in 34 days",
    "average 34",
    "il y a 34 ans",
    "hace 34 años",
    "in the thirties",
    "in the 50s",
    "he turned 90 degrees",
    "I'm 100 % sure",
    "turned 3 km later",
    "I'm 5 minutes late",
    "a man of 2.5 m",
    "| page | 41 |",
    "<page>41</page>",
    "she moved to 42 next",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(AGE,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
