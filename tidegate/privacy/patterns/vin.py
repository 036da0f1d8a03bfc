"""Vehicle identification numbers: 17 characters without I, O, Q; the North American check digit, or a word beside (ISO 3779)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_SHAPE = re.compile(r"[A-HJ-NPR-Z0-9]{17}(?![A-Za-z0-9_])")
_ANY_CASE = re.compile(r"[A-HJ-NPR-Za-hj-npr-z0-9]{17}(?![A-Za-z0-9_])")
_WORDS = (
    "vin",
    "chassis",
    "fahrgestell",
    "fahrzeug-ident",
    "fin:",
    "fin ",
    "vehicle id",
    "châssis",
    "bastidor",
    "telaio",
)
_VALUES = dict(
    zip(
        "ABCDEFGHJKLMNPRSTUVWXYZ",
        (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9),
        strict=True,
    )
)
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def checked(vin: str) -> bool:
    """49 CFR 565.15: the weighted sum mod 11 stands at place nine, ten written X."""
    total = sum(
        weight * (_VALUES[c] if c in _VALUES else int(c)) for c, weight in zip(vin, _WEIGHTS, strict=True)
    )
    return vin[8] == "0123456789X"[total % 11]


def find(document: Document) -> Iterator[Span]:
    named = document.has_word(*_WORDS)
    for start, end in document.tokens:
        match = (_ANY_CASE if named else _SHAPE).match(document.text, start) if end - start == 17 else None
        if match is None:
            continue
        vin = match[0].upper()
        mixed = any(c.isdigit() for c in vin) and sum(c.isalpha() for c in vin) >= 2
        if not mixed or not document.free(start, end):
            continue
        valid = checked(vin)
        beside = named and any(word in document.before(start, 30) for word in _WORDS)
        if beside or (valid and match[0] == vin):
            yield hit("vin", start, end, Label.VIN, 0.95 if valid else 0.75, valid=valid)


VIN = Pattern(
    "vin",
    (Label.VIN,),
    find,
    digits=True,
    shape=r"(?:^|[^a-z0-9_])[a-hj-npr-z0-9]{17}(?:$|[^a-z0-9_])",
    lexicon=_WORDS,
)
