"""Names behind the word for who somebody is."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.kin import KIN

HITS = [
    ("my sister Wanda called", ["Wanda"]),
    ("Mi hermano Ksawery vive", ["Ksawery"]),
    ("our neighbour Hank Brubaker at", ["Hank Brubaker"]),
    ("meine Schwester Štěpánka wohnt", ["Štěpánka"]),
    ("our new manager is called Olof and", ["Olof"]),
    ("a man named Halder rang", ["Halder"]),
    ("my ex-husband Tom", ["Tom"]),
    ("her best friend, Mia", ["Mia"]),
]
NEAR_MISSES = [
    "my sister is here",
    "my friend The",
    "a function named Parse",
    "my boss Monday",
    "is called when",
    "my mother I love",
    "my teacher GmbH",
    "the file is called",
    "our client HTTP",
    "my sister, I think",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(KIN,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
