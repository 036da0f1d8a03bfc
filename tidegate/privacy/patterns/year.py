"""Years of somebody's life: `since 2019`, `in 1987` where the sentence speaks of a person's doing, `summer 2018`, `class of 2004`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_YEAR = r"(?:19[2-9]\d|20[0-3]\d)"
_END = (
    r"(?![\w%°€$£]|[.,:/-]\d|-\w| (?:ms|s|m|km|cm|mm|kg|g|w|v|hz|k|mb|gb|kb|rpm|psi|volts?|watts?|steps?|rows?|lines?|times|units?|items?|pieces|people|users|euros?"
    r"|dollars?|percent|words|tokens|miles|calls|points|members|copies|cases|files|bytes|hours|minutes|seconds|days)\b)"
)
_IN = re.compile(
    rf"\b(?:in|since|from|until|till|before|after|around|seit|im jahr|depuis|en|sinds|desde|dal|nel) ((?:early |late |mid-?)?{_YEAR}){_END}"
)
_SEASON = re.compile(
    rf"\b((?:spring|summer|autumn|fall|winter|frühling|sommer|herbst|frühjahr)(?: of| term)? {_YEAR}){_END}"
)
_LIFE = re.compile(
    r"\b(?:i|i've|i'm|my|me|we|our|he|she|his|her|born|married|divorced|died|widowed|graduated|retired|moved|joined|hired|enrolled|employed|diagnosed|adopted"
    r"|emigrated|immigrated|engaged|customer|client|member|tenant|patient|employee|ich|wir|er|sie|mein|meine|seine|ihre|je|j['’]\w+|nous|il|elle|mon|ma|ik|mijn|hij|zij"
    r"|yo|mi|nací|vivo)\b"
)
_SHAPE = rf"\b(?:in|since|from|until|till|before|after|around|seit|im jahr|depuis|en|sinds|desde|dal|nel) (?:early |late |mid-?)?{_YEAR}\b"
_SEASON_SHAPE = (
    rf"\b(?:spring|summer|autumn|fall|winter|frühling|sommer|herbst|frühjahr)(?: of| term)? {_YEAR}\b"
)
_REACH = 110  # characters of a sentence looked at on either side
_STOP = re.compile(r"[.!?]\s|\n")


def find(document: Document) -> Iterator[Span]:
    if document.has_shape(_SEASON_SHAPE):
        for season in _SEASON.finditer(document.lower):
            yield hit("year", *season.span(1), Label.DATE_TIME, 0.5)
    if document.has_shape(_SHAPE):
        for year in _IN.finditer(document.lower):
            if _LIFE.search(_sentence(document, *year.span())) is not None:
                yield hit("year", *year.span(1), Label.DATE_TIME, 0.5)


def _sentence(document: Document, start: int, end: int) -> str:
    """The sentence around, cut to a bounded stretch."""
    before, after = document.before(start, _REACH), document.after(end, _REACH)
    stops = list(_STOP.finditer(before))
    stop = _STOP.search(after)
    return (
        before[stops[-1].end() if stops else 0 :]
        + document.lower[start:end]
        + after[: stop.start() if stop else len(after)]
    )


YEAR = Pattern(
    "year",
    (Label.DATE_TIME,),
    find,
    digits=True,
    shape=f"{_SHAPE}|{_SEASON_SHAPE}",
    shapes=(_SHAPE, _SEASON_SHAPE),
)
