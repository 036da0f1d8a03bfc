"""Driving licences, beside a word that says so: their shapes alone are those of any number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_NAMES = (
    "driver's license",
    "driver’s license",
    "drivers license",
    "driver license",
    "driver's licence",
    "driving licence",
    "driving license",
    "driver_license",
    "driverslicense",
    "führerschein",
    "permis de conduire",
    "rijbewijs",
    "patente di guida",
    "dl",
)
_VALUE = re.compile(r"[A-Z0-9][A-Z0-9-]{4,19}(?![A-Za-z0-9])")


def find(document: Document) -> Iterator[Span]:
    for match in beside(document, _NAMES, _VALUE):
        if any(c.isdigit() for c in match[0]):
            yield hit("driver_license", *match.span(), Label.DRIVER_LICENSE, 0.75)


DRIVER_LICENSE = Pattern("driver_license", (Label.DRIVER_LICENSE,), find, digits=True, words=_NAMES)
