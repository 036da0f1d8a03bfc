"""BIC / SWIFT codes (ISO 9362), only beside a word that says so or an IBAN: the shape alone is that of many words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_SHAPE = re.compile(r"[A-Z]{4}([A-Z]{2})[A-Z0-9]{2}(?:[A-Z0-9]{3})?(?![A-Za-z0-9_])")
_SMALL = re.compile(_SHAPE.pattern, re.IGNORECASE)
_NAMES = ("bic", "swift", "swift code", "bic code")
_WORDS = ("bic", "swift", "iban", "bank")
_COUNTRIES = frozenset(
    "AD AE AL AT AU BA BE BG BR CA CH CL CN CY CZ DE DK EE ES FI FR GB GI GR HK HR HU IE IL IN IS IT JP KR LI LT LU LV MC MT MX NL NO "
    "NZ PL PT RO RS RU SA SE SG SI SK SM TH TR UA US ZA".split()
)


def find(document: Document) -> Iterator[Span]:
    for match in _SHAPE.finditer(document.text):
        start, end = match.span()
        if (
            match[1] in _COUNTRIES
            and document.free(start, end)
            and any(w in document.around(start, end, 40) for w in _WORDS)
        ):
            yield hit("bic", start, end, Label.BIC_CODE, 0.85)
    for match in beside(document, _NAMES, _SMALL, strict=True):
        if match[1].upper() in _COUNTRIES and (match[0].isupper() or match[0].islower()):
            yield hit("bic", *match.span(), Label.BIC_CODE, 0.8)


BIC = Pattern("bic", (Label.BIC_CODE,), find, words=_WORDS, lexicon=_NAMES)
