"""Passports, beside a word that says so: their shapes alone are those of any number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.fold import fold
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_NAMES = (
    "passport", "reisepass", "passnummer", "pass-nr", "passnr", "passeport", "paspoort", "pasaporte", "passaporto", "passaporte", "paszport",
    "паспорт", fold("паспорт")[0], "pasaport", "útlevél", "passnummer", "护照", "旅券", "パスポート", "여권",
)  # fmt: skip
# In one piece, or as some print it: a letter or two apart, a Russian series before its number.
_VALUE = re.compile(r"[A-Z0-9<]{5,9}[A-Z0-9](?![A-Za-z0-9])|[A-Z]{1,3} \d{6,8}(?!\w)|\d\d ?\d\d \d{6}(?!\w)")


def find(document: Document) -> Iterator[Span]:
    for match in beside(document, _NAMES, _VALUE):
        if any(c.isdigit() for c in match[0]):
            yield hit("passport", *match.span(), Label.PASSPORT, 0.75)


PASSPORT = Pattern("passport", (Label.PASSPORT,), find, digits=True, words=_NAMES)
