"""Vehicle licence plates beside a word that says so; the shape alone is that of a part number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_NAMES = (
    "license plate", "licence plate", "number plate", "license_plate", "licence_plate", "licenseplate", "plate", "kennzeichen",
    "immatriculation", "immatriculé", "kenteken", "matrícula", "targa", "registration", "tag number", "nummernschild", "reg", "rego",
    "reg no", "placa", "tablica rejestracyjna", "nr rejestracyjny", "numer rejestracyjny", "plaque d'immatriculation", "nummerplaat", "rendszám",
    "registreringsnummer", "regnr", "plaka", "spz", "госномер", "номерной знак",
)  # fmt: skip
# In small letters only where a colon or "is" leads there: `license plate: abc 1234`.
_SMALL_NAMES = (
    "license plate",
    "licence plate",
    "number plate",
    "license_plate",
    "licence_plate",
    "kennzeichen",
    "kenteken",
    "plate number",
)
_SMALL = re.compile(r"[a-zäöü0-9]{1,4}(?:[ ·.-]?[a-z0-9]{1,4}){1,2}(?![A-Za-z0-9_])")
_VALUE = re.compile(r"[A-ZÄÖÜ0-9]{1,4}(?:[ ·.-]?[A-Z0-9]{1,4}){1,3}(?![A-Za-z0-9_])")


def find(document: Document) -> Iterator[Span]:
    small = beside(document, _SMALL_NAMES, _SMALL, strict=True)
    for match in (*beside(document, _NAMES, _VALUE), *small):
        body = [c for c in match[0] if c.isalnum()]
        if 4 <= len(body) <= 10 and any(c.isdigit() for c in body) and any(c.isalpha() for c in body):
            yield hit("plate", *match.span(), Label.LICENSE_PLATE, 0.8)


PLATE = Pattern("plate", (Label.LICENSE_PLATE,), find, digits=True, words=(*_NAMES, *_SMALL_NAMES))
