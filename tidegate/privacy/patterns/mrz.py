"""Machine readable zones of passports, identity cards and visas, proved by their check digits (ICAO 9303)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.own_checks import icao
from tidegate.privacy.spans import Label, Span

_ZONE = re.compile(r"[PVIAC][A-Z<][A-Z<]{3}[A-Z0-9<]{25,39}(?:\r?\n[A-Z0-9<]{28,44}){1,2}")
_NUMBER = re.compile(r"([A-Z0-9<]{9})(\d)[A-Z<]{3}(\d{6})(\d)[MFX<](\d{6})(\d)")
_FIRST_OF_CARD = re.compile(r"[IAC][A-Z<][A-Z<]{3}([A-Z0-9<]{9})(\d)")
_DATES_OF_CARD = re.compile(r"(\d{6})(\d)[MFX<](\d{6})(\d)[A-Z<]{3}")


def find(document: Document) -> Iterator[Span]:
    for zone in _ZONE.finditer(document.text):
        lines = zone[0].split()
        if "<<" in zone[0] and document.free(*zone.span()) and (_of_passport(lines) or _of_card(lines)):
            yield hit("mrz", *zone.span(), Label.PASSPORT, 0.99, valid=True)


def _of_passport(lines: list[str]) -> bool:
    found = _NUMBER.match(lines[1])
    return found is not None and all(
        icao(found[field]) == int(found[check]) for field, check in ((1, 2), (3, 4), (5, 6))
    )


def _of_card(lines: list[str]) -> bool:
    number, dates = _FIRST_OF_CARD.match(lines[0]), _DATES_OF_CARD.match(lines[1])
    return (
        number is not None
        and dates is not None
        and icao(number[1]) == int(number[2])
        and icao(dates[1]) == int(dates[2])
        and icao(dates[3]) == int(dates[4])
    )


MRZ = Pattern("mrz", (Label.PASSPORT,), find, digits=True, words=("<<",))
