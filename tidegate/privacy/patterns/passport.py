"""Passports, beside a word that says so: their shapes alone are those of any number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_NAMES = ("passport", "reisepass", "passnummer", "passeport", "paspoort", "pasaporte", "passaporto")
_VALUE = re.compile(r"[A-Z0-9<]{6,10}(?![A-Za-z0-9])")


def find(document: Document) -> Iterator[Span]:
    for match in beside(document, _NAMES, _VALUE):
        if any(c.isdigit() for c in match[0]):
            yield hit("passport", *match.span(), Label.PASSPORT, 0.75)


PASSPORT = Pattern("passport", (Label.PASSPORT,), find, digits=True, words=_NAMES)
