"""Geographic positions: decimal pairs, degrees-minutes-seconds, named latitude and longitude, geo: URIs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_PAIR = re.compile(
    r"(\d{1,2}\.\d{3,10})(°? ?[NS])?( ?[,;/] ?| )([-+]?\d{1,3}\.\d{3,10})(?:°? ?[EW])?(?![\d.])"
)
_DMS = re.compile(
    r"\d{1,3}° ?\d{1,2}(?:\.\d{1,6})?['′] ?(?:\d{1,2}(?:\.\d{1,6})?[\"″] ?)?[NSEW](?:,? ?\d{1,3}° ?\d{1,2}(?:\.\d{1,6})?['′] ?"
    r"(?:\d{1,2}(?:\.\d{1,6})?[\"″] ?)?[NSEW])?"
)
# The letter of the sky first, as receivers show it: `N 40° 26.767' W 79° 58.933'`, `N52 31.2 E13 24.3`.
_LETTER_FIRST = re.compile(
    r"[NS] ?\d{1,2}[° ] ?\d{1,2}(?:\.\d{1,6})?['′]?(?: ?\d{1,2}(?:\.\d{1,6})?[\"″])?[,;]? ?[EW] ?\d{1,3}[° ] ?\d{1,2}(?:\.\d{1,6})?['′]?(?: ?\d{1,2}(?:\.\d{1,6})?[\"″])?"
    r"|[NS] ?\d{1,2}\.\d{3,10}°?[,;]? ?[EW] ?\d{1,3}\.\d{3,10}°?"
)
_COMMAS = re.compile(r"[-+]?(\d{1,2}),(\d{4,10})( ?[;/] ?|, | )([-+]?\d{1,3}),(\d{4,10})(?![\d,.])")
_EXACT = 6  # decimals
_VALUE = re.compile(r"[-+]?\d{1,3}\.\d{3,12}(?![\d.])")
_NAMES = ("latitude", "longitude", "lat", "lng", "lon", "long", "breitengrad", "längengrad")
_BEHIND = (".", "°", " ", ",")
_CONTEXT = (
    "lat",
    "lon",
    "lng",
    "gps",
    "coord",
    "koordinat",
    "position",
    "location",
    "geo",
    "standort",
    "point",
)


def find(document: Document) -> Iterator[Span]:
    text = document.text
    taken = 0
    for number, number_end in document.numbers:
        if number < taken or number_end - number > 3 or text[number_end : number_end + 1] not in _BEHIND:
            continue
        found = _from(document, number, text[number_end])
        if found is not None:
            taken = found.end
            yield found
    for match in beside(document, _NAMES, _VALUE):
        if abs(float(match[0])) <= 180:
            yield hit("coordinates", *match.span(), Label.COORDINATES, 0.85)


def _from(document: Document, number: int, behind: str) -> Span | None:
    """A position whose first number begins at `number` and has `behind` right behind it."""
    text = document.text
    letter = _letter(text, number)
    match = _LETTER_FIRST.match(text, letter) if letter is not None else None
    if letter is not None and match is not None and document.free(letter, match.end()):
        return hit("coordinates", *match.span(), Label.COORDINATES, 0.9)
    start = number - 1 if number and text[number - 1] in "-+" else number
    if behind == " ":
        return None
    if behind == ",":
        match = _COMMAS.match(text, start)
        told = match is not None and document.free(start, match.end()) and _exact(document, match)
        return hit("coordinates", start, match.end(), Label.COORDINATES, 0.8) if match and told else None
    match = _DMS.match(text, number)
    if match is not None:
        return hit("coordinates", *match.span(), Label.COORDINATES, 0.95)
    match = _PAIR.match(text, number)
    if match is not None and _position(document, match, start):
        return hit("coordinates", start, match.end(), Label.COORDINATES, 0.85)
    return None


def _letter(text: str, number: int) -> int | None:
    """Where the N or S right before a number stands."""
    for at in (number - 1, number - 2):
        if at >= 0 and text[at] in "NS" and text[at + 1 : number] in ("", " "):
            return at
    return None


def _exact(document: Document, match: re.Match[str]) -> bool:
    """With decimal commas: in range, and named or exact to a decimetre; vectors are written so too."""
    if abs(int(match[1])) > 90 or abs(int(match[4])) > 180:
        return False
    named = any(word in document.around(*match.span(), 40) for word in _CONTEXT)
    return named or min(len(match[2]), len(match[5])) >= _EXACT


def _position(document: Document, match: re.Match[str], start: int) -> bool:
    """In range, one pair and no list of numbers, and either named, with N/S, or precise and away from zero (not a vector)."""
    text, end = document.text, match.end()
    latitude, longitude = abs(float(match[1])), abs(float(match[4]))
    if latitude > 90 or longitude > 180 or (start and (text[start - 1].isalnum() or text[start - 1] in "._")):
        return False
    if re.match(r" ?[,;] {0,3}[-+]?\d", text[end : end + 7]) or re.search(
        r"\d ?[,;] {0,3}$", text[max(0, start - 6) : start]
    ):
        return False
    if match[2] or any(word in document.around(start, end, 40) for word in _CONTEXT):
        return True
    precise = min(len(match[1].split(".")[1]), len(match[4].split(".")[1])) >= 4
    return precise and latitude >= 1 and longitude >= 0.05 and "," in match[3]


COORDINATES = Pattern(
    "coordinates",
    (Label.COORDINATES,),
    find,
    digits=True,
    shape=r"\d\.\d{3}|\d°|[ns] ?\d{1,2} \d|\d,\d{4}",
    lexicon=(*_NAMES, *_CONTEXT),
)
