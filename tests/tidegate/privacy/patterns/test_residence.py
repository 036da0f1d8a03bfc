"""Places and firms behind the verb for living and working."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.residence import RESIDENCE

HITS = [
    ("she lives in Legrosboeuf.", ["Legrosboeuf"]),
    ("born in Lake Nigel and", ["Lake Nigel"]),
    ("er wohnt in Groß-Gerau", ["Groß-Gerau"]),
    ("j'habite à Saint Joséphine", ["Saint Joséphine"]),
    ("he works for Soto-Small now", ["Soto-Small"]),
    ("trabaja en Chavez y", ["Chavez"]),
    ("I work for French, Gallagher and Velasquez as", ["French, Gallagher and Velasquez"]),
    ("woont in Den Haag", ["Den Haag"]),
]
NEAR_MISSES = [
    "lives in the woods",
    "born in March",
    "born in 1987",
    "it works for me",
    "works at scale",
    "lives in Docker",
    "moved to Monday",
    "work for The",
    "he lives in fear",
    "works for HTTP",
    "moved to QA",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(RESIDENCE,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
