"""IMEI: 15 digits with Luhn and a type code in use, or any beside the word (3GPP TS 23.003)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, digits_of, hit, luhn
from tidegate.privacy.patterns.others import of_goods
from tidegate.privacy.spans import Label, Span

_SHAPE = re.compile(
    r"\d{15}(?!\d)|\d{2}[- ]\d{6}[- ]\d{6}[- ]\d{1,2}(?!\d)|\d{6}[- ]\d{2}[- ]\d{6}[- ]\d{1,2}(?!\d)"
)
_NAMED = re.compile(r"\d{14,16}(?!\d)|\d{2}[- ]?\d{6}[- ]?\d{6}[- ]?\d{1,2}(?!\d)")
_FIRST_GROUPS = (2, 6, 8, 14, 15, 16)
_BODIES = ("01", "35", "86", "99")  # reporting bodies that still allocate
_WORDS = ("imei", "imeisv", "meid")


def find(document: Document) -> Iterator[Span]:
    named = document.has_word(*_WORDS)
    shape = _NAMED if named else _SHAPE
    for start, number_end in document.numbers:
        match = shape.match(document.text, start) if number_end - start in _FIRST_GROUPS else None
        if match is None or not document.free(start, match.end()):
            continue
        digits = digits_of(match[0])
        checked = len(digits) == 15 and luhn(digits)
        beside = (
            named
            and any(word in document.lead(start, 30) for word in _WORDS)
            and (checked or not of_goods(document, start))
        )
        if beside or (checked and digits.startswith(_BODIES) and len(set(digits)) > 3):
            yield hit("imei", start, match.end(), Label.IMEI, 0.95 if beside else 0.7, valid=checked)


IMEI = Pattern(
    "imei",
    (Label.IMEI,),
    find,
    digits=True,
    shape=r"\d{14}|\d\d[- ]?\d{6}[- ]?\d{6}|\d{6}[- ]\d\d[- ]\d{6}",
    lexicon=_WORDS,
)
