"""Addresses of the forces and their posts: `PSC 1241, Box 5868, APO AP 25384`, `Unit 2734 Box 6468`, `USS Jones, FPO AE 12345`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_POST = r"(?:apo|fpo|dpo)(?:,? ?a[aep])?,? \d{5}(?:-\d{4})?|(?:apo|fpo|dpo),? a[aep]\b"
_BOX = r"(?:psc|cmr|unit) \d{1,5},? ?box \d{1,5}"
_SHIP = r"(?:uss|usns|usnv|usnv|uscgc) [a-z][a-z'-]{1,20}"
_ADDRESS = re.compile(
    rf"(?<![\w-])(?:(?:{_BOX}|{_SHIP})(?:,? ?\r?\n ?|, ?| )(?:{_POST})|{_BOX}|{_POST})(?![\w-])"
)
_SHAPE = r"\b(?:psc|cmr|unit) \d{1,5},? ?box \d|\b(?:apo|fpo|dpo),? (?:a[aep]\b|\d{5})"


def find(document: Document) -> Iterator[Span]:
    for match in _ADDRESS.finditer(document.lower):
        yield hit("military", *match.span(), Label.STREET_ADDRESS, 0.85)


MILITARY = Pattern("military", (Label.STREET_ADDRESS,), find, shape=_SHAPE)
