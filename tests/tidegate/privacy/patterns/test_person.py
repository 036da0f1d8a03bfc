"""Names that the text itself announces."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.person import PERSON

HITS = [
    ("Dear Mr. Smith,", ["Smith"]),
    ("Frau Dr. Anna Müller", ["Anna Müller"]),
    ("my name is Jan van den Berg and", ["Jan van den Berg"]),
    ('{"customer_name": "Bastian Kowalczyk"}', ["Bastian Kowalczyk"]),
    ("Ich heiße Dmitri Eriksen.", ["Dmitri Eriksen"]),
    ("Je m'appelle Élodie Durand", ["Élodie Durand"]),
    ('customer_name="Carla Rasmussen" ok', ["Carla Rasmussen"]),
    ("Mme Dufresne est là", ["Dufresne"]),
    ("My name is J. R. Tolkien", ["J. R. Tolkien"]),
    ("Dhr. Vries", ["Vries"]),
]
NEAR_MISSES = [
    "Mr. speaker",
    "Dr. data",
    "my name is unknown",
    "customer: open",
    "name: John",
    "HMr Smith",
    "Miss the bus",
    "the customer Service desk",
    '{"customer": "ACME"}',
    "Mr Right",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(PERSON,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
