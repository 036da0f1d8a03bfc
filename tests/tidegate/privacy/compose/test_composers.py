"""What only shows beside a find: one table per composer, near misses beside hits. Marked text says what was found before."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from tidegate.privacy.compose import COMPOSERS, composed
from tidegate.privacy.compose.base import Composer
from tidegate.privacy.detect import Detector
from tidegate.privacy.merge import Merged
from tidegate.privacy.rules import own_rules
from tidegate.privacy.spans import Label, Span

_MARK = re.compile(r"\{([A-Z_]+)\|([^}]*)\}")

HITS: dict[str, list[tuple[str, str]]] = {
    "age": [
        ("{PERSON|Ana} (34) and {PERSON|Luis} (71) share it", "34 71"),
        ("{PERSON|Jon Smith}, 51, was found", "51"),
        ("{PERSON|Mia} is 9 and tall", "9"),
        ("{PERSON|Tom} was 57 when he left", "57"),
        ("{ORGANIZATION|Ignac} was 57 when the family left", "57"),
        ("{PERSON|Ada}, 99", "99"),
    ],
    "nrp": [
        ("{PERSON|Giovanni} is Buddhist, so", "Buddhist"),
        ("{LOCATION|Lucia} and {LOCATION|Ljubica} are both Indonesian", "Indonesian"),
        ("{PERSON|Roko} (Irish) needs", "Irish"),
        ("{PERSON|nils} is turkish", "turkish"),
        ("{PERSON|Ana} was raised Catholic", "Catholic"),
        ("{PERSON|Joe}, a Dutch, came", "Dutch"),
        ("the Norwegian sailor {PERSON|Ida} met", "Norwegian"),
        ("{PERSON|Ida} told the Italian about it", "Italian"),
        ("I moved to {LOCATION|Bern} as a Croatian newcomer", "Croatian"),
        ("the Dutch {PERSON|Ida} met", "Dutch"),
        ("in {LOCATION|Bern} i am the only somali or thai here", "somali thai"),
    ],
    "phone": [
        ("{PERSON|Olga}: 48206356", "48206356"),
        ("{PERSON|Olga} on 577 954 723.", "577 954 723"),
        ("{STREET_ADDRESS|12 High Street}\n577 954 723\n", "577 954 723"),
        ("{EMAIL_ADDRESS|a@b.example}\n48 20 63 56", "48 20 63 56"),
    ],
    "job": [
        ("{PERSON|Ana Berg}\nBarrister\n{ORGANIZATION|Jones LLP}", "Barrister"),
        ("{PERSON|Ana Berg}, Financial risk analyst at {ORGANIZATION|Jones LLP}", "Financial risk analyst"),
        ("{PERSON|Ana Berg}, Psychologist, forensic, {ORGANIZATION|Jones LLP}", "Psychologist, forensic"),
        ("{PERSON|Ana Berg}\nHead of Sales\n{PHONE_NUMBER|555 0100}", "Head of Sales"),
        ("{PERSON|Ana Berg}\n\nNuclear engineer\n\nPersonal", "Nuclear engineer"),
        ("{PERSON|Ana Berg}\\n\\nInfection control nurse\\nWard 3", "Infection control nurse"),
        ("{PERSON|Ana Berg}, the Floor layer, said", "Floor layer"),
        ("at {ORGANIZATION|Jones LLP} as Mental health counselor, but", "Mental health counselor"),
    ],
    "year": [
        ("{ORGANIZATION|Jones LLP} in 1995", "1995"),
        ("{ORGANIZATION|Jones Co}. in 2016 and", "2016"),
        ("In 1984, {ORGANIZATION|Jones LLP} was sold", "1984"),
        ("1978, {PERSON|Ana Berg} left", "1978"),
        ("{PERSON|Ana} since 2011", "2011"),
        ("the 1984 {NRP|Croatian} winner", "1984"),
        ("{PERSON|Ana} told us about the crash of 2008", "2008"),
        ("prices fell in 2009, {ORGANIZATION|Jones LLP} said", "2009"),
    ],
    "place": [
        ("in {LOCATION|Perezstad}, HI, then", "HI"),
        ("from {LOCATION|Lyon}, France.", "France"),
        ("{LOCATION|Bend}, OR 97701", "OR 97701"),
        ("the zip of {LOCATION|Bend}, OR is 97701", "OR 97701"),
        ("{PERSON|Libor}, {AGE|67}, of Port Ryanside, was", "Port Ryanside"),
        ("deliver to {POSTAL_CODE|6318 MT} Port Teresa?", "Port Teresa"),
        ("deliver to 05195 {LOCATION|Rossino}", "05195"),
    ],
    "address": [
        (
            "at {STREET_ADDRESS|12 High Street}, {LOCATION|Leeds} {POSTAL_CODE|LS1 4AB}.",
            "12 High Street, Leeds LS1 4AB",
        ),
        (
            "{STREET_ADDRESS|7 Oak Ave}\nApt 4\n{LOCATION|Bend}, OR 97701\nUSA",
            "7 Oak Ave\nApt 4\nBend, OR 97701\nUSA",
        ),
        ("near {STREET_ADDRESS|Rotonda Jacuzzi}, 853.", "Rotonda Jacuzzi, 853"),
        (
            "{STREET_ADDRESS|Lindenallee 5}\n{POSTAL_CODE|10115} {LOCATION|Berlin}",
            "Lindenallee 5\n10115 Berlin",
        ),
        ("Flat 3, 12 {STREET_ADDRESS|Mellor Squares}, {LOCATION|Leeds}", "Flat 3, 12 Mellor Squares, Leeds"),
        ("77/942, {LOCATION|Zila}, {LOCATION|Bikaner}-253122", "77/942, Zila, Bikaner-253122"),
        (
            "{STREET_ADDRESS|9 rue X}, {POSTAL_CODE|59800} {LOCATION|Lille}, France",
            "9 rue X, 59800 Lille, France",
        ),
        ("behind 53589 {LOCATION|Ferguson Branch}.", "53589 Ferguson Branch"),
        ("at 1969 {PERSON|Perry Burgs}, {LOCATION|North Mario}, NS", "1969 Perry Burgs, North Mario, NS"),
        ("near {LOCATION|Alf-Dietz-Ring} 1/7.", "Alf-Dietz-Ring 1/7"),
    ],
}
NEAR_MISSES: dict[str, list[str]] = {
    "age": [
        "{PERSON|Ana} (3) and",
        "{PERSON|Ana}, 12 km away",
        "{PERSON|Ana} is 30% done",
        "{ORGANIZATION|Acme} is 34.",
        "{LOCATION|Table} (34) shows",
        "{PERSON|Ana} is 34th",
        "{PERSON|Ana}: 34",
    ],
    "nrp": [
        "{PERSON|Ana} is happy",
        "{PERSON|Ana} is Dutch language officer",
        "{LOCATION|Bern} (Irish)",
        "{PERSON|Ana} eats Thai food",
        "{EMAIL_ADDRESS|a@b.example} is Dutch",
        "{PERSON|Ana} bought a German car",
        "{PERSON|Ana} speaks fluent Danish",
        "{PERSON|Ana} said it in Spanish",
        "{PERSON|Ana} will polish it",
        "{PERSON|Ana} flew with American Airways",
        "{PERSON|Ana} left. The Italian winter was mild",
        "the trains of {LOCATION|Bern} have Swiss clocks",
    ],
    "phone": [
        "{PERSON|Olga}: 4820",
        "{LOCATION|Bern}: 48206356",
        "{PERSON|Olga} owes 48206356",
        "{PERSON|Olga}: 2019-03-04",
        "{STREET_ADDRESS|12 High Street}\n12 pieces\n",
        "{PERSON|Olga}: 48206356789012",
    ],
    "job": [
        "{PERSON|Ana Berg} is a nurse at {ORGANIZATION|Jones LLP}",
        "{PERSON|Ana Berg}\nKind regards\n{ORGANIZATION|Jones LLP}",
        "{PERSON|Ana Berg}, who lives near {ORGANIZATION|Jones LLP}",
        "{LOCATION|Bern}\nBarrister\n{ORGANIZATION|Jones LLP}",
        "{PERSON|Ana Berg}\nPrinter settings\n",
        "{PERSON|Ana Berg}, the best manager we had",
        "{PERSON|Ana Berg} as nurse, but",
        "{ORGANIZATION|Jones LLP}\nNuclear engineer\n",
    ],
    "year": [
        "{LOCATION|Bern} in 1995",
        "{PERSON|Ana} in 1995-96",
        "{PERSON|Ana} paid in 2016.50",
        "{ORGANIZATION|Jones LLP} made 2016 chairs",
        "{PERSON|Ana} in 3016",
        "the 1984 big {NRP|Croatian} vote",
        "{PERSON|Ana} left. Prices fell in 2009",
        "{PERSON|Ana} sold 40 of 2009 chairs",
        "{LOCATION|Bern} had the winter of 1978",
        "cost $1978, {PERSON|Ana} said",
    ],
    "place": [
        "in {LOCATION|Leeds}, hi there",
        "in {LOCATION|Leeds} OK",
        "{PERSON|Ana}, CA",
        "in {LOCATION|Leeds}, Francesca said",
        "in 2019 {LOCATION|Leeds} was",
        "room 12 {LOCATION|Leeds}",
    ],
    "address": [
        "from {STREET_ADDRESS|12 High Street} to {LOCATION|Leeds}",
        "{LOCATION|Bend}, {LOCATION|OR}",
        "{LOCATION|Bern}, {LOCATION|Basel}",
        "{STREET_ADDRESS|12 High Street}, 940 a month",
        "{STREET_ADDRESS|12 High Street} costs 940.50",
        "{STREET_ADDRESS|12 High Street}; {LOCATION|Leeds}",
        "it took 12 {LOCATION|Leeds} fans",
        "in 2007 {LOCATION|Bowling Green} won",
        "{PERSON|Ana-Ring} is 1 of them",
        "12 {PERSON|Ana Berg}, {LOCATION|Leeds}",
    ],
}


def scene(marked: str) -> tuple[str, tuple[Span, ...]]:
    """`{PERSON|Ana} left` as text and spans."""
    text, spans, position = "", [], 0
    for mark in _MARK.finditer(marked):
        text += marked[position : mark.start()]
        spans.append(Span(len(text), len(text) + len(mark[2]), Label(mark[1]), 0.9, "test"))
        text += mark[2]
        position = mark.end()
    return text + marked[position:], tuple(spans)


def added(composer: Composer, marked: str) -> list[str]:
    text, spans = scene(marked)
    made = composed(Merged(spans, ()), text, (composer,)).spans
    return [text[span.start : span.end] for span in made if span not in spans]


def by_name(name: str) -> Composer:
    return next(one for one in COMPOSERS if one.name == name)


def test_every_composer_has_its_tables() -> None:
    assert set(HITS) == set(NEAR_MISSES) == {one.name for one in COMPOSERS}


@pytest.mark.parametrize(
    ("name", "marked", "values"), [(n, m, v) for n, rows in HITS.items() for m, v in rows]
)
def test_it_is_found_beside_the_others(name: str, marked: str, values: str) -> None:
    assert " ".join(added(by_name(name), marked)) == values


@pytest.mark.parametrize(("name", "marked"), [(n, m) for n, rows in NEAR_MISSES.items() for m in rows])
def test_a_near_miss_is_left_alone(name: str, marked: str) -> None:
    assert added(by_name(name), marked) == []


@pytest.mark.parametrize("name", sorted(HITS))
def test_without_it_something_of_its_table_is_lost(name: str) -> None:
    rest = tuple(one for one in COMPOSERS if one.name != name)
    assert any(_made(marked, COMPOSERS) != _made(marked, rest) for marked, _ in HITS[name])


def _made(marked: str, composers: tuple[Composer, ...]) -> tuple[Span, ...]:
    text, spans = scene(marked)
    return composed(Merged(spans, ()), text, composers).spans


def test_an_addition_that_would_cut_a_find_is_left_out() -> None:
    text, spans = scene("{PERSON|Ana Berg} 12")
    cut = Composer("cut", frozenset({Label.PERSON}), lambda _: [Span(4, 11, Label.AGE, 0.9, "beside:cut")])
    whole = Composer(
        "whole", frozenset({Label.PERSON}), lambda _: [Span(0, 11, Label.AGE, 0.9, "beside:whole")]
    )
    assert composed(Merged(spans, ()), text, (cut,)).spans == spans
    assert [span.label for span in composed(Merged(spans, ()), text, (whole,)).spans] == [Label.AGE]


def test_parts_taken_into_an_address_are_told_as_losses() -> None:
    text, spans = scene("at {STREET_ADDRESS|12 High Street}, {LOCATION|Leeds}.")
    made = composed(Merged(spans, ()), text)
    assert [text[span.start : span.end] for span in made.spans] == ["12 High Street, Leeds"]
    assert [loss.span for loss in made.losses] == list(spans)
    assert {loss.winner for loss in made.losses} == set(made.spans)


@pytest.mark.parametrize("marked", [row for rows in HITS.values() for row, _ in rows])
def test_nothing_that_was_hidden_is_uncovered_and_nothing_overlaps(marked: str) -> None:
    text, spans = scene(marked)
    made = composed(Merged(spans, ()), text).spans
    assert all(any(one.start <= span.start and span.end <= one.end for one in made) for span in spans)
    assert all(one.end <= other.start for one, other in pairwise(made))


def test_the_detector_composes_what_it_merged() -> None:
    text = "Mrs. Ada Berg (34) lives at 12 High Street, Leeds, UK"
    names = (Span(5, 13, Label.PERSON, 0.9, "ner"), Span(44, 49, Label.LOCATION, 0.9, "ner"))
    found = Detector(ner=lambda seen: names if seen == text else ()).find(text)
    assert [text[s.start : s.end] for s in found] == ["Mrs.", "Ada Berg", "34", "12 High Street, Leeds, UK"]


def test_values_to_be_shown_stay_shown_beside_others() -> None:
    text = "12 High Street, Leeds"
    names = (Span(16, 21, Label.LOCATION, 0.9, "ner"),)
    kinds = own_rules(allow=[Label.STREET_ADDRESS])
    assert Detector(ner=lambda _: names, rules=kinds).find(text) == names
