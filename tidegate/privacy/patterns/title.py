"""Forms of address before a name: `Mrs.`, `Prof. Dr.`, `Herr`, `Mme`. They tell sex, rank and language."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_TITLES = (
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "dame", "lord", "lady", "rev", "reverend", "hon", "capt", "captain",
    "lt", "sgt", "col", "gen", "maj", "cpl", "herr", "frau", "hr", "fr", "fräulein", "monsieur", "madame", "mme", "mlle", "maître", "meneer",
    "mevrouw", "dhr", "mevr", "drs", "señor", "señora", "señorita", "sr", "sra", "srta", "don", "doña", "signor", "signora", "sig", "dott",
    "dottoressa", "pan", "pani", "sergeant", "lieutenant", "colonel", "general", "major", "corporal", "commander", "admiral", "officer", "inspector", "detective",
    "judge", "senator", "governor", "ambassador", "pastor", "imam", "rabbi", "bishop", "ind", "misc", "esq", "ing", "mag", "univ", "pfarrer", "maestro", "docteur",
    "dottor", "avv", "avvocato", "arch",
)  # fmt: skip
_WEAK = frozenset(
    "miss sir dame don gen col hon maj lt sr fr hr pan captain reverend lady lord professor madame".split()
)
# Words of every day: a full stop behind them, or a name that is no word of every day, must follow.
_ABBREVIATED = frozenset("ind misc ing mag univ arch avv esq".split())
_OFFICES = frozenset("general major officer inspector detective judge governor commander admiral".split())
_SMALL = re.compile(r"(?<![\w.-])(?:mr|mrs|ms|mx|dr|prof)\b\.?(?= [a-zà-ž]{2})")
_PROGRAM = frozenset(
    "motors electric manager assembly purpose public services counsel hospital secretary assistant training in of and for at".split()
)
SHAPE = rf"\b(?:{'|'.join(_TITLES)})\b\.? "
_TITLED = re.compile(
    rf"(?<![\w.-])(?:{'|'.join(f'{t[0].upper()}{t[1:]}' for t in _TITLES)}|{'|'.join(t.upper() for t in _TITLES[:8])})\b\.?(?=[ \u00a0](?:(?:van|von|de|der|den|del|della|di|da|ten|ter|zu|bin|al|el) ){{0,2}}[A-ZÀ-ÖØ-ÞĀ-Ž])"
)
_NEXT = re.compile(
    r"[ \u00a0](?:(?:van|von|de|der|den|del|della|di|da|ten|ter|zu|bin|al|el) ){0,2}([A-ZÀ-Ž][\w'’-]*)(\.?)"
)
_SMALL_NAME = re.compile(r" ([^\W\d_]+)")
NO_NAMES = frozenset(
    "who is are has have had in on at to of for with from by as not no all some my your his her our their office word excel dos access teams windows office365 "
    "speaker chairman president minister secretary justice king queen data robot right wrong universe bean america gaga the i it he she "
    "they we you this that and or but if when will is was".split()
)


def small_titles(document: Document) -> Iterator[tuple[int, int, int, int]]:
    """Where a title in small letters stands, and the word behind it: `mr nolan`, not `20 ms later`."""
    text = document.text
    for at in document.places(_SMALL_TITLES):
        title = _SMALL.match(text, at)
        if title is None:
            continue
        name = _SMALL_NAME.match(text, title.end())
        measured = title[0] == "ms" and any(map(str.isdigit, text[max(0, title.start() - 3) : title.start()]))
        if (
            name is None
            or name[1] in NO_NAMES
            or measured
            or _ARTICLED.search(document.before(title.start(), 6))
        ):
            continue
        yield *title.span(), *name.span(1)


_SMALL_TITLES = ("dr", "mr", "mrs", "ms", "mx", "prof")
_ARTICLED = re.compile(r"\b(?:the|my|a|your) $")


def find(document: Document) -> Iterator[Span]:
    text = document.text
    for title in _TITLED.finditer(text):
        following = _NEXT.match(text, title.end())
        word = title[0].rstrip(".").lower()
        if following is None or following[1].lower() in NO_NAMES:
            continue
        if word in _WEAK and not title[0].endswith(".") and len(following[1]) < 3 and not following[2]:
            continue
        if (word in _ABBREVIATED and not title[0].endswith(".")) or (
            word in _OFFICES and following[1].lower() in _PROGRAM
        ):
            continue
        yield hit("title", *title.span(), Label.TITLE, 0.7)
    for start, end, _, _ in small_titles(document):
        yield hit("title", start, end, Label.TITLE, 0.6)


TITLE = Pattern("title", (Label.TITLE,), find, shape=SHAPE, lexicon=_SMALL_TITLES)
