"""Dates without a year or a day."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.month import MONTH

HITS = [
    ("in March 2024", ["March 2024"]),
    ("May 12th", ["May 12th"]),
    ("on 12 May.", ["12 May"]),
    ("am 3. Oktober", ["3. Oktober"]),
    ("le 14 juillet", ["14 juillet"]),
    ("Sept. 2021", ["Sept. 2021"]),
    ("the 5th of June", ["5th of June"]),
    ("mayo de 1990", ["mayo de 1990"]),
    ("due Oct 31", ["Oct 31"]),
    ("born on August 03.", ["August 03"]),
    ("it stopped on october 17", ["october 17"]),
    ("on 01 may and ends", ["01 may"]),
    ("Tuesday 05 December", ["Tuesday 05 December"]),
    ("since march 2019", ["march 2019"]),
    ("3 september at 5 pm", ["3 september at 5 pm"]),
    ("April of 2014", ["April of 2014"]),
]
NEAR_MISSES = [
    "in March",
    "May I",
    "may 12 people",
    "12 march past",
    "March 45",
    "v2 May12",
    "Mar 1.5",
    "item Dec 12:30",
    "x_May 2024",
    "Jun 10%",
    "Marching 12",
    "SEP 7",
    "12 may help",
    "we march 12 km",
    "may 5 of them",
    "october sky",
    "x_october 17",
    "2024",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(MONTH,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
