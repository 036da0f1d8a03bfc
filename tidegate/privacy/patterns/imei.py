"""IMEI: 15 digits with Luhn and a type code in use, or any beside the word (3GPP TS 23.003)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, digits_of, hit, luhn
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.patterns.others import of_goods
from tidegate.privacy.spans import Label, Span

_SHAPE = re.compile(
    r"\d{15}(?!\d)|\d{2}[- ]\d{6}[- ]\d{6}[- ]\d{1,2}(?!\d)|\d{6}[- ]\d{2}[- ]\d{6}[- ]\d{1,2}(?!\d)"
)
_NAMED = re.compile(r"\d{14,16}(?!\d)|\d{2}[- ]?\d{6}[- ]?\d{6}[- ]?\d{1,2}(?!\d)")
_FIRST_GROUPS = (2, 6, 8, 14, 15, 16)
_MEID = re.compile(r"[0-9A-Fa-f]{14}(?!\w)")  # 3GPP2 X.S0008
_BODIES = ("01", "35", "86", "99")  # reporting bodies that still allocate
_WORDS = ("imei", "imeisv", "meid")


def find(document: Document) -> Iterator[Span]:
    named = document.has_word(*_WORDS)
    shape = _NAMED if named else _SHAPE
    if document.has_word("meid"):
        for named_one in beside(document, ("meid",), _MEID):
            yield hit("imei", *named_one.span(), Label.IMEI, 0.85)
    for start, number_end in document.numbers:
        match = shape.match(document.text, start) if number_end - start in _FIRST_GROUPS else None
        if match is None or not document.free(start, match.end()):
            continue
        digits = digits_of(match[0])
        checked = len(digits) == 15 and luhn(digits)
        called = (
            named
            and any(word in document.lead(start, 30) for word in _WORDS)
            and (checked or not of_goods(document, start))
        )
        if called or (checked and digits.startswith(_BODIES) and len(set(digits)) > 3):
            yield hit("imei", start, match.end(), Label.IMEI, 0.95 if called else 0.7, valid=checked)


IMEI = Pattern(
    "imei",
    (Label.IMEI,),
    find,
    digits=True,
    shape=r"meid|\d{14}|\d\d[- ]?\d{6}[- ]?\d{6}|\d{6}[- ]\d\d[- ]\d{6}",
    lexicon=_WORDS,
)
