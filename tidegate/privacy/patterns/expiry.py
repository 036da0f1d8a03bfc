"""Until when a card or a document is valid, beside a word that says so: with the number it is half a payment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_NAMES = (
    "exp", "expiry", "expiry date", "expiration", "expiration date", "expires", "valid thru", "valid until", "exp date", "exp_date", "good thru",
    "gültig bis", "expire le", "expiration_date", "expiry_date", "geldig tot", "válida hasta", "caduca",
)  # fmt: skip
_VALUE = re.compile(r"(?:0[1-9]|1[0-2]) ?[/-] ?(?:20)?[2-4]\d(?![\w/.-])")


def find(document: Document) -> Iterator[Span]:
    for match in beside(document, _NAMES, _VALUE):
        yield hit("expiry", *match.span(), Label.DATE_TIME, 0.8)


EXPIRY = Pattern("expiry", (Label.DATE_TIME,), find, digits=True, words=_NAMES)
