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
_VALUE = re.compile(r"[-+]?\d{1,3}\.\d{3,12}(?![\d.])")
_NAMES = ("latitude", "longitude", "lat", "lng", "lon", "long", "breitengrad", "längengrad")
_BEHIND = (".", "°")
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
        start = number - 1 if number and text[number - 1] in "-+" else number
        match = _DMS.match(text, number)
        if match is not None:
            taken = match.end()
            yield hit("coordinates", number, taken, Label.COORDINATES, 0.95)
            continue
        match = _PAIR.match(text, number)
        if match is not None and _position(document, match, start):
            taken = match.end()
            yield hit("coordinates", start, taken, Label.COORDINATES, 0.85)
    for match in beside(document, _NAMES, _VALUE):
        if abs(float(match[0])) <= 180:
            yield hit("coordinates", *match.span(), Label.COORDINATES, 0.85)


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
    shape=r"\d\.\d{3}|\d°",
    lexicon=(*_NAMES, *_CONTEXT),
)
