"""Forms of address: before a name only."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.title import TITLE

HITS = [
    ("Dear Mr. Smith,", ["Mr."]),
    ("Mrs Jones and Ms Lee", ["Mrs", "Ms"]),
    ("Frau Dr. Anna Müller", ["Frau", "Dr."]),
    ("Prof. Xu said", ["Prof."]),
    ("Mme Dufresne", ["Mme"]),
    ("Monsieur Hulot", ["Monsieur"]),
    ("Dhr. Vries", ["Dhr."]),
    ("Señor Ruiz", ["Señor"]),
    ("Herr Weber", ["Herr"]),
    ("MR. JONES", ["MR."]),
    ("Miss Marple", ["Miss"]),
    ("Sir Ian", ["Sir"]),
    ("Sergeant Prabhu", ["Sergeant"]),
    ("office of Ind. Reeves", ["Ind."]),
    ("mr nolan and mrs nonis", ["mr", "mrs"]),
    ("ask dr malenchini", ["dr"]),
    ("Judge Hopkins", ["Judge"]),
]
NEAR_MISSES = [
    "Mr. speaker",
    "Dr. data",
    "miss the bus",
    "Miss the bus",
    "the prof was late",
    "HMr Smith",
    "Mr Right",
    "Sig 11 was raised",
    "Gen. 3 chips",
    "Madame is here",
    "a sir name",
    "dr. who",
    "Don I go",
    "General Motors",
    "20 ms later",
    "ms office",
    "mr is short for mister",
    "the dr said",
    "Ind Reeves",
    "Officer Training",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(TITLE,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
