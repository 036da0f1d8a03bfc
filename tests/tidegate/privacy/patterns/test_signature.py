"""Names where letters have them."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.signature import SIGNATURE

HITS = [
    ("Dear Anna,", ["Anna"]),
    ("From: Jane Doe <j@x.org>", ["Jane Doe"]),
    ("Kind regards,\nPeter Parker", ["Peter Parker"]),
    ("Hallo Jürgen!", ["Jürgen"]),
    ("Best,\nSam\n", ["Sam"]),
    ("Mit freundlichen Grüßen\n\nSabine Roth", ["Sabine Roth"]),
    ("Signed: Maria Lopez", ["Maria Lopez"]),
    ('> To: "Karl Benz" <k@b.de>', ["Karl Benz"]),
]
NEAR_MISSES = [
    "Dear Sir,",
    "Dear all,",
    "Hello World!",
    "From: Monday",
    "Hi there,",
    "Best regards",
    "thanks,\nthe team",
    "Dear Customer,",
    "from: the server",
    "Contact: support team",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(SIGNATURE,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
