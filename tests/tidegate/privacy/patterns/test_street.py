"""Street addresses of seven countries."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.street import STREET

HITS = [
    ("at 12 High Street, London SW1A 1AA today", ["12 High Street, London SW1A 1AA"]),
    (
        "1600 Amphitheatre Parkway, Mountain View, CA 94043",
        ["1600 Amphitheatre Parkway, Mountain View, CA 94043"],
    ),
    ("742 Evergreen Terrace", ["742 Evergreen Terrace"]),
    ("350 Fifth Ave Apt 4B", ["350 Fifth Ave Apt 4B"]),
    ("12 N 5th St., Springfield", ["12 N 5th St"]),
    ("Hauptstraße 5a, 10115 Berlin", ["Hauptstraße 5a, 10115 Berlin"]),
    ("Lange Straße 12", ["Lange Straße 12"]),
    ("Karl-Marx-Allee 3", ["Karl-Marx-Allee 3"]),
    ("12 rue de la Paix, 75002 Paris", ["12 rue de la Paix, 75002 Paris"]),
    ("Keizersgracht 12, 1015 CJ Amsterdam", ["Keizersgracht 12, 1015 CJ Amsterdam"]),
    ("Calle Mayor 12", ["Calle Mayor 12"]),
    ("Via Roma 5", ["Via Roma 5"]),
    ("12 high street", ["12 high street"]),
    ("from 974 Santiago Top to 816 Ryan Track", ["974 Santiago Top"]),
    ("opposite 12 Kramer Burgs", ["12 Kramer Burgs"]),
    ("near Vicolo Baresi, 922 at", ["Vicolo Baresi, 922"]),
    ("Pasaje Juan Granados 115", ["Pasaje Juan Granados 115"]),
    ("Praceta Nova 7", ["Praceta Nova 7"]),
    ("12 Kramer Burgs, Suite 4", ["12 Kramer Burgs, Suite 4"]),
    ('{"street":"Lindenallee 5"}', ["Lindenallee 5"]),
]
NEAR_MISSES = [
    "2007 Bowling Green",
    "During 1996",
    "3 people on the road",
    "5 Golden Rings",
    "Platz 1",
    "version 12 Street",
    "the street 12",
    "Bundesstraße 216",
    "12 Angry Men",
    "4 Wheel Drive mode 2",
    "page 12",
    "Spring 2007",
    "brigade 5",
    "5 way valve",
    "24 hours a day",
    "Corso was robbed on Tuesday 06",
    "in 2007 Bowling Green",
    "from 2007 Bowling Green",
    "at 5 Hill",
    "12 Kramer Burgs",
    "Canale 5",
    "4 Land Rovers",
    "al. 12",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(STREET,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
