"""Driving licences, beside a word that says so: their shapes alone are those of any number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, any_of, hit
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_NAMES = (
    "driver's license",
    "driver’s license",
    "drivers license",
    "driver license",
    "driver's licence",
    "drivers licence",
    "driver licence",
    "drivers_license",
    "driving licence",
    "driving license",
    "driver_license",
    "driverslicense",
    "führerschein",
    "permis de conduire",
    "rijbewijs",
    "patente di guida",
    "carnet de conducir",
    "permiso de conducir",
    "licencia de conducir",
    "carta de condução",
    "prawo jazdy",
    "prawa jazdy",
    "körkort",
    "førerkort",
    "kørekort",
    "dln",
    "dl",
)
_VALUE = re.compile(r"[A-Z0-9][A-Z0-9-]{4,19}(?![A-Za-z0-9])")


_UK_SHAPE = r"[a-z9]{5}\d{6}[a-z9]{2}\d[a-z]{2}"
_UK = re.compile(r"[A-Z]{1,5}9{0,4}\d[0156]\d[0-3]\d{2}(?:[A-Z]9|[A-Z]{2})\d[A-Z]{2}(?!\w)")


def find(document: Document) -> Iterator[Span]:
    for match in beside(document, _NAMES, _VALUE):
        if any(c.isdigit() for c in match[0]):
            yield hit("driver_license", *match.span(), Label.DRIVER_LICENSE, 0.75)
    if document.has_shape(_UK_SHAPE):
        for match in _UK.finditer(document.text):
            if len(match[0]) == 16 and document.free(*match.span()):
                yield hit("driver_license", *match.span(), Label.DRIVER_LICENSE, 0.8)


DRIVER_LICENSE = Pattern(
    "driver_license",
    (Label.DRIVER_LICENSE,),
    find,
    digits=True,
    shape=rf"{_UK_SHAPE}|{any_of(*_NAMES[:-2])}|(?:^|[^a-z]){_NAMES[-1]}",
    lexicon=_NAMES,
    shapes=(_UK_SHAPE,),
)
