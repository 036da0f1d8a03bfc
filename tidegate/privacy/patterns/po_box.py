"""Post office boxes: `P.O. Box 1234`, `Postfach 10 20 30`, `BP 12`, with the postal code and town that follow."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_BOX = re.compile(
    r"(?<!\w)(?:(?i:p\.? ?o\.? ?box|post office box|g\.?p\.?o\.? box|locked bag|private bag|postfach|postbus|boîte postale|apartado(?: de correos)?|casella postale)\.? ?(?:no\.? ?|nr\.? ?)?|B\.?P\.? |PMB |POB )"
    r"\d{1,7}(?: \d{2}){0,3}(?!\w|/\d| ?mm| over )"
)
_TOWN = re.compile(
    r"(?:,|\n|,\n)? ?(?:[A-Z]{1,2}-)?(?:[A-Z][A-Za-z'.-]{1,24}(?: [A-Z][a-z'.-]{1,24}){0,2},? [A-Z]{2} \d{5}(?:-\d{4})?|\d{4,5}(?: ?[A-Z]{2})? [A-ZÄÖÜ][\wÀ-ÿ-]{2,24})(?!\w)"
)
_NAMES = (
    "box",
    "postfach",
    "postbus",
    "postale",
    "apartado",
    "b.p",
    "bp ",
    "pmb ",
    "pob ",
    "locked bag",
    "private bag",
)


def find(document: Document) -> Iterator[Span]:
    for match in _BOX.finditer(document.text):
        town = _TOWN.match(document.text, match.end())
        yield hit("po_box", match.start(), town.end() if town else match.end(), Label.STREET_ADDRESS, 0.8)


PO_BOX = Pattern("po_box", (Label.STREET_ADDRESS,), find, digits=True, words=_NAMES)
