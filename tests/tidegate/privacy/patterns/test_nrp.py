"""Nationalities, faiths and politics of people, not of things."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.nrp import NRP

HITS = [
    ("I am German.", ["German"]),
    ("She is a Brazilian citizen", ["Brazilian"]),
    ("an Italian man", ["Italian"]),
    ("nationality: Norwegian", ["Norwegian"]),
    ("he's Jewish", ["Jewish"]),
    ("a Catholic family", ["Catholic"]),
    ('"religion": "Sikh"', ["Sikh"]),
    ("They are Dutch and", ["Dutch"]),
    ("a registered Democrat voter", ["Democrat"]),
    ("Japanese students", ["Japanese"]),
    ("the Kenyan guard", ["Kenyan"]),
    ("Turkish tourists", ["Turkish"]),
    ("two ukrainian colleagues", ["ukrainian"]),
    ("Germans are punctual", ["Germans"]),
    ("her mother is Polish.", ["Polish"]),
    ("for my Korean visa", ["Korean"]),
    ("a Polish plumber", ["Polish"]),
    ("ich bin Türkin", ["Türkin"]),
    ("je suis belge", ["belge"]),
    ("soy mexicana y", ["mexicana"]),
    ("ik ben Nederlander", ["Nederlander"]),
    ("a Frenchwoman and two Englishmen", ["Frenchwoman", "Englishmen"]),
    ("the South African nurse", ["South African"]),
    ("two Sri Lankans asked", ["Sri Lankans"]),
    ("The young Belgian was late", ["Belgian"]),
    ("a Swede, who rang twice", ["Swede"]),
    ("Spaniards dine late", ["Spaniards"]),
    ("she married a Dane.", ["Dane"]),
    ("I am a Costa Rican", ["Costa Rican"]),
    ("chileans and the swedes like it", ["chileans", "swedes"]),
    ("two liechtensteiners", ["liechtensteiners"]),
    ("the Danish government", ["Danish"]),
]
NEAR_MISSES = [
    "French fries",
    "a German car",
    "Italian food",
    "the Swiss franc",
    "the English language",
    "he is finished",
    "Polish the table",
    "Greek letters",
    "American Standard",
    "Turkish coffee",
    "nationality unknown",
    "an Orthodox approach",
    "a Polish restaurant",
    "Dutch paper",
    "a German letter",
    "Greek water",
    "polish the table",
    "an italian dinner",
    "Swiss order",
    "ich bin fertig",
    "translate it into German, please",
    "she speaks Danish and English.",
    "a South African wine",
    "the Costa Rican coast",
    "in the North Korean language",
    "Dane Miller rang",
    "a French window",
    "the Swiss, German and Dutch versions",
    "tent poles and liberals",
    "turks-head knot",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(NRP,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
