"""Addresses and places as their countries write them, piece by piece, each piece with its kind. Made up; pure but for the random source.

A value is a list of `Piece`s: the street with its number and flat is STREET, the town, state and country are each LOC, the code is ZIP,
and what stands between them is nothing.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.training.sentry_words import Lexicon, street_name

WORDS = tomllib.loads(Path(__file__).with_name("scene_words.toml").read_text(encoding="utf-8"))
PLACES: dict[str, list[str]] = WORDS["places"]
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text and what it is: PER, LOC, ORG, STREET, ZIP, or None."""

    text: str
    kind: str | None = None


Pieces = list[Piece]


def digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choices("0123456789", k=count))


def house(rng: random.Random) -> str:
    """A house number: mostly short, as in towns; up to five digits, as in American suburbs."""
    number = str(rng.randint(1, 10 ** rng.choice((2, 2, 3, 3, 4, 5)) - 1))
    return number + rng.choice("abcABD") if rng.random() < 0.06 else number


def town(lex: Lexicon, rng: random.Random) -> str:
    """A town: a known one, one of the lists, or one put together from a name."""
    roll = rng.random()
    if roll < 0.3:
        return rng.choice(PLACES["cities"])
    if roll < 0.6:
        return lex.town(rng)
    stem = lex.first(rng) if rng.random() < 0.6 else lex.last(rng)
    ending = rng.choice(PLACES["endings"])
    if rng.random() < 0.55:
        stem += ending
    return f"{rng.choice(PLACES['prefixes'])} {stem}" if rng.random() < 0.5 or stem[-1].isupper() else stem


def place(lex: Lexicon, rng: random.Random) -> Pieces:
    """A place as one names it in a sentence: a town, a country, a state or region, or a town with what it lies in."""
    roll = rng.random()
    if roll < 0.38:
        return [Piece(town(lex, rng), "LOC")]
    if roll < 0.60:
        return [Piece(rng.choice(PLACES["countries"]), "LOC")]
    if roll < 0.68:
        return [Piece(_state(rng)[0], "LOC")]
    if roll < 0.76:
        return [Piece(rng.choice(PLACES["regions"]), "LOC")]
    name, short = _state(rng)
    wider = rng.choice((name, short, short, rng.choice(PLACES["countries"]), rng.choice(PLACES["regions"])))
    return [Piece(town(lex, rng), "LOC"), Piece(", "), Piece(wider, "LOC")]


def _state(rng: random.Random) -> tuple[str, str]:
    of = rng.choice(("us_states", "us_states", "us_states", "us_states", "ca_provinces", "au_states"))
    name, _, short = rng.choice(PLACES[of]).partition("/")
    return name, short


def _flat(rng: random.Random) -> str:
    number = rng.choice(
        (str(rng.randint(1, 999)), f"{rng.randint(1, 30)}{rng.choice('ABCDEF')}", rng.choice("ABCDEFGH"))
    )
    if rng.random() < 0.1:
        number = f"0{rng.randint(1, 9)}{rng.choice(('', 'A', 'b', 'H'))}"
    kinds = (
        "Apt.",
        "Apt",
        "Suite",
        "Suite",
        "Ste",
        "Unit",
        "Flat",
        "Floor",
        "Room",
        "Studio",
        "Apartment",
        "Bldg",
        "#",
        "Lot",
        "No.",
    )
    kind = rng.choice(kinds)
    if kind == "Floor" and rng.random() < 0.6:
        return rng.choice(("2nd Floor", "3rd Floor", "1st floor", "4th Fl", "Ground Floor", "Fifth Floor"))
    return f"{kind}{number}" if kind == "#" else f"{kind} {number}"


def _western_street(lex: Lexicon, rng: random.Random) -> str:
    """An English street without its number."""
    if rng.random() < 0.35:
        return street_name(lex, rng, "en")
    stem = lex.last(rng) if rng.random() < 0.6 else lex.first(rng)
    if rng.random() < 0.1:
        stem = rng.choice(("1st", "2nd", "3rd", "4th", "23rd", "State Route", "County Road", "Highway", "US"))
        if stem[-1].isalpha() and not stem[0].isdigit():
            return f"{stem} {rng.randint(1, 400)}"
    way = rng.choice(PLACES["ways"])
    text = f"{stem} {way.lower() if rng.random() < 0.12 else way}"
    if rng.random() < 0.1:
        text = f"{rng.choice(('N', 'S', 'E', 'W', 'N.', 'West', 'North', 'SE', 'NW'))} {text}"
    return f"{text} {rng.choice(('N', 'South', 'NW', 'SE', 'East'))}" if rng.random() < 0.06 else text


def _box(rng: random.Random) -> str:
    """A box at the post, or a rural route."""
    form = rng.choice(
        (
            "P.O. Box {}",
            "PO Box {}",
            "P.O. BOX {}",
            "POB {}",
            "Post Office Box {}",
            "Postfach {}",
            "Postbus {}",
            "BP {}",
            "Apartado {}",
            "Casella postale {}",
            "RR {} Box {}",
            "HC {} Box {}",
            "Rural Route {}, Box {}",
            "Private Bag {}",
            "GPO Box {}",
            "Locked Bag {}",
        )
    )
    return form.format(rng.randint(1, 9999), rng.randint(1, 99))


def street_line(lex: Lexicon, rng: random.Random, gap: str = ", ") -> str:
    """House number, street and now and then a flat, in English; `gap` stands before or behind the flat."""
    if rng.random() < 0.06:
        return _box(rng)
    name = _western_street(lex, rng)
    roll = rng.random()
    text = name if roll < 0.1 else f"{house(rng)}{rng.choice((' ', ' ', ' ', ' ', ', '))}{name}"
    if rng.random() < 0.35:
        between = gap if rng.random() < 0.5 else rng.choice((" ", ", "))
        return f"{_flat(rng)}{between}{text}" if rng.random() < 0.25 else f"{text}{between}{_flat(rng)}"
    return text


def _american(lex: Lexicon, rng: random.Random, gap: str) -> Pieces:
    name, _, short = rng.choice(PLACES["us_states"]).partition("/")
    code = digits(rng, 5) + (f"-{digits(rng, 4)}" if rng.random() < 0.15 else "")
    street = street_line(lex, rng, gap)
    found = [Piece(street, "STREET"), Piece(gap), Piece(town(lex, rng), "LOC")]
    found += [
        Piece(rng.choice((", ", ", ", ", ", " "))),
        Piece(short if rng.random() < 0.75 else name, "LOC"),
    ]
    return (
        [*found, Piece(rng.choice((" ", " ", " ", ", "))), Piece(code, "ZIP")]
        if rng.random() < 0.85
        else found
    )


def _military(lex: Lexicon, rng: random.Random, gap: str) -> Pieces:
    first = rng.choice(
        (
            f"PSC {rng.randint(1, 9999)}, Box {rng.randint(1, 9999)}",
            f"Unit {rng.randint(1, 9999)} Box {rng.randint(1, 9999)}",
            f"USS {lex.last(rng)}",
            f"USNS {lex.last(rng)}",
            f"USNV {lex.last(rng)}",
            f"CMR {rng.randint(1, 999)}, Box {rng.randint(1, 999)}",
        )
    )
    office = f"{rng.choice(('APO', 'FPO', 'DPO'))} {rng.choice(('AE', 'AP', 'AA'))}"
    return [
        Piece(first, "STREET"),
        Piece(gap),
        Piece(office, "LOC"),
        Piece(" "),
        Piece(digits(rng, 5), "ZIP"),
    ]


def british_code(rng: random.Random) -> str:
    area = "".join(rng.choices("ABCDEGHKLMNOPRSTWY", k=rng.choice((1, 2, 2))))
    return f"{area}{rng.randint(1, 28)}{rng.choice((' ', ' ', ' ', ''))}{rng.randint(0, 9)}{''.join(rng.choices('ABDEFGHJLNPQRSTUWXYZ', k=2))}"


def _british(lex: Lexicon, rng: random.Random, gap: str) -> Pieces:
    found = [Piece(street_line(lex, rng, gap), "STREET"), Piece(gap), Piece(town(lex, rng), "LOC")]
    if rng.random() < 0.25:
        found += [Piece(gap), Piece(rng.choice(PLACES["regions"]), "LOC")]
    return [*found, Piece(rng.choice((gap, gap, " ", ", "))), Piece(british_code(rng), "ZIP")]


def _in_a_state(lex: Lexicon, rng: random.Random, gap: str, states: str, shortened: float) -> Pieces:
    """Street, town and state; `shortened` is the share of states written by their letters."""
    name, _, short = rng.choice(PLACES[states]).partition("/")
    return [
        Piece(street_line(lex, rng, gap), "STREET"),
        Piece(gap),
        Piece(town(lex, rng), "LOC"),
        Piece(rng.choice((", ", " "))),
        Piece(short if rng.random() < shortened else name, "LOC"),
    ]


def _canadian(lex: Lexicon, rng: random.Random, gap: str) -> Pieces:
    code = f"{rng.choice(_LETTERS)}{rng.randint(0, 9)}{rng.choice(_LETTERS)}{rng.choice((' ', ' ', ''))}{rng.randint(0, 9)}{rng.choice(_LETTERS)}{rng.randint(0, 9)}"
    start = _in_a_state(lex, rng, gap, "ca_provinces", 0.7)
    return [*start, Piece(rng.choice((" ", " ", ", "))), Piece(code, "ZIP")]


def _australian(lex: Lexicon, rng: random.Random, gap: str) -> Pieces:
    start = _in_a_state(lex, rng, gap, "au_states", 0.8)
    return [*start, Piece(rng.choice((" ", ", "))), Piece(digits(rng, 4), "ZIP")]


def _indian(lex: Lexicon, rng: random.Random, gap: str) -> Pieces:
    area = rng.choice(
        ("Nagar", "Marg", "Ganj", "Chowk", "Circle", "Road", "Street", "Zila", "Path", "Colony", "Layout")
    )
    street = f"{rng.choice(('H.No. ', 'House No. ', 'Plot ', '', '', '#', 'Flat No. '))}{rng.randint(1, 999)}{rng.choice((', ', ' ', '/'))}{lex.last(rng)} {area}"
    code = digits(rng, 6) if rng.random() < 0.7 else f"{digits(rng, 3)} {digits(rng, 3)}"
    return [
        Piece(street, "STREET"),
        Piece(gap),
        Piece(town(lex, rng), "LOC"),
        Piece(rng.choice((" ", "-", ", ", " - "))),
        Piece(code, "ZIP"),
    ]


def _german(lex: Lexicon, rng: random.Random, gap: str) -> Pieces:
    name = street_name(lex, rng, "de")
    if rng.random() < 0.4:
        end = rng.choice(
            ("straße", "str.", "weg", "allee", "platz", "gasse", "ring", "-Straße", "ufer", "damm")
        )
        stem = lex.last(rng) if rng.random() < 0.6 else lex.first(rng)
        name = f"{stem}{end}"
    street = f"{name} {house(rng)}" if rng.random() < 0.92 else name
    if rng.random() < 0.05:
        street = f"Postfach {rng.randint(10, 99)} {rng.randint(10, 99)} {rng.randint(10, 99)}"
    code = f"{rng.choice(('', '', '', '', 'D-', 'A-', 'CH-'))}{digits(rng, rng.choice((5, 5, 5, 4)))}"
    return [Piece(street, "STREET"), Piece(gap), Piece(code, "ZIP"), Piece(" "), Piece(town(lex, rng), "LOC")]


def _dutch(lex: Lexicon, rng: random.Random, gap: str) -> Pieces:
    street = f"{street_name(lex, rng, 'nl')} {rng.randint(1, 400)}{rng.choice(('', '', '', 'a', '-2', ' bis', '-III'))}"
    code = f"{rng.randint(1000, 9999)}{rng.choice((' ', ' ', ''))}{''.join(rng.choices(_LETTERS, k=2))}"
    if rng.random() < 0.25:  # Belgium
        code = digits(rng, 4)
    return [Piece(street, "STREET"), Piece(gap), Piece(code, "ZIP"), Piece(" "), Piece(town(lex, rng), "LOC")]


def _french(lex: Lexicon, rng: random.Random, gap: str) -> Pieces:
    street = f"{rng.randint(1, 300)}{rng.choice(('', '', '', ' bis', ' ter'))}{rng.choice((', ', ' '))}{street_name(lex, rng, 'fr')}"
    code = digits(rng, 5) if rng.random() < 0.8 else f"{rng.choice(('F-', 'B-', 'CH-'))}{digits(rng, 4)}"
    return [Piece(street, "STREET"), Piece(gap), Piece(code, "ZIP"), Piece(" "), Piece(town(lex, rng), "LOC")]


def _spanish(lex: Lexicon, rng: random.Random, gap: str) -> Pieces:
    name = rng.choice(
        (lex.last, lex.first, lambda r: f"{lex.first(r)} {lex.last(r)}", lambda r: town(lex, r))
    )(rng)
    floor = rng.choice(
        (
            "",
            "",
            f", {rng.randint(1, 9)}º {rng.choice('ABCD')}",
            f" Piso {rng.randint(1, 9)}",
            f", {rng.randint(1, 9)}ª planta",
        )
    )
    street = f"{rng.choice(PLACES['es_ways'])} {name}{rng.choice((' ', ', ', ', nº '))}{rng.randint(1, 300)}{floor}"
    found = [
        Piece(street, "STREET"),
        Piece(gap),
        Piece(digits(rng, 5), "ZIP"),
        Piece(" "),
        Piece(town(lex, rng), "LOC"),
    ]
    return [*found, Piece(", "), Piece(town(lex, rng), "LOC")] if rng.random() < 0.3 else found


def _southern(lex: Lexicon, rng: random.Random, gap: str) -> Pieces:
    """Italian, Portuguese or Polish."""
    ways = rng.choice(("it_ways", "it_ways", "pt_ways", "pl_ways"))
    name = rng.choice((lex.last, lambda r: f"{lex.first(r)} {lex.last(r)}"))(rng)
    street = f"{rng.choice(PLACES[ways])} {name}{rng.choice((', ', ' '))}{rng.randint(1, 300)}{rng.choice(('', '', ' Appartamento 7', ' Piano 2', '/4'))}"
    code = {"it_ways": digits(rng, 5), "pt_ways": f"{digits(rng, 4)}-{digits(rng, 3)}"}.get(
        ways, f"{digits(rng, 2)}-{digits(rng, 3)}"
    )
    found = [
        Piece(street, "STREET"),
        Piece(gap),
        Piece(code, "ZIP"),
        Piece(rng.choice((" ", ", "))),
        Piece(town(lex, rng), "LOC"),
    ]
    if ways == "it_ways" and rng.random() < 0.5:
        short = "".join(rng.choices(_LETTERS, k=2))
        return [*found, Piece(rng.choice((" (", " "))), Piece(short, "LOC"), Piece("")]
    return found


Maker = Callable[[Lexicon, random.Random, str], Pieces]
_MAKERS: dict[str, Sequence[tuple[int, Maker]]] = {
    "en": ((40, _american), (3, _military), (18, _british), (9, _canadian), (7, _australian), (5, _indian), (6, _german), (4, _dutch), (4, _french), (2, _spanish), (2, _southern)),
    "de": ((80, _german), (8, _american), (6, _british), (6, _dutch)),
    "fr": ((80, _french), (10, _canadian), (10, _german)),
    "nl": ((82, _dutch), (10, _german), (8, _british)),
    "es": ((84, _spanish), (16, _american)),
    "it": ((84, _southern), (8, _french), (8, _american)),
}  # fmt: skip
GAPS = (", ", ", ", "\n", "\n", " ", ",", ",\n", " - ")


def address(lex: Lexicon, rng: random.Random, language: str = "en") -> Pieces:
    """A whole address on one line or several, now and then with its country."""
    gap = rng.choices(GAPS, (34, 10, 26, 6, 10, 2, 8, 2))[0]
    makers = _MAKERS.get(language, _MAKERS["en"])
    found = rng.choices([maker for _, maker in makers], [weight for weight, _ in makers])[0](lex, rng, gap)
    if rng.random() < 0.14:
        found += [
            Piece(gap if gap.strip() or gap == "\n" else ", "),
            Piece(rng.choice(PLACES["countries"]), "LOC"),
        ]
    return [piece for piece in found if piece.text]


def street_of(lex: Lexicon, rng: random.Random, language: str = "en") -> Pieces:
    """The street of an address alone."""
    return [address(lex, rng, language)[0]]


def code_of(lex: Lexicon, rng: random.Random, language: str = "en") -> Pieces:
    """A postal code as the language's countries write it."""
    found = [piece for piece in address(lex, rng, language) if piece.kind == "ZIP"]
    return found[:1] or [Piece(digits(rng, 5), "ZIP")]
