"""Licence numbers of doctors and pharmacists: DEA and NPI with their check digits, others beside their name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit, luhn
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_DEA_NAMES = ("dea", "prescriber", "controlled substance")
_NPI_NAMES = ("npi", "national provider")
_OTHER_NAMES = (
    "medical license", "medical licence", "physician license", "nursing license", "gmc number", "gmc no", "lanr", "arztnummer", "rpps",
    "big-nummer", "license to practice", "medical_license",
)  # fmt: skip
_DEA = re.compile(r"[ABCDEFGHJKLMPRSTUX][A-Z9]\d{7}(?!\w)")
_NPI = re.compile(r"[12]\d{9}(?!\w)")
_VALUE = re.compile(r"[A-Z]{0,3}[- ]?\d[A-Z0-9-]{4,12}(?![A-Za-z0-9])")
_NPI_PREFIX = "80840"  # ISO 7812 issuer of US health applications


def dea(number: str) -> bool:
    """The first, third and fifth digit and twice the others give the last."""
    digits = [int(c) for c in number[2:]]
    return (sum(digits[0:6:2]) + 2 * sum(digits[1:6:2])) % 10 == digits[6]


def find(document: Document) -> Iterator[Span]:
    for match in beside(document, _DEA_NAMES, _DEA):
        yield hit("medical_license", *match.span(), Label.MEDICAL_LICENSE, 0.9, valid=dea(match[0]))
    for match in beside(document, _NPI_NAMES, _NPI):
        if luhn(_NPI_PREFIX + match[0]):
            yield hit("medical_license", *match.span(), Label.MEDICAL_LICENSE, 0.9, valid=True)
    for match in beside(document, _OTHER_NAMES, _VALUE):
        yield hit("medical_license", *match.span(), Label.MEDICAL_LICENSE, 0.75)


MEDICAL_LICENSE = Pattern(
    "medical_license",
    (Label.MEDICAL_LICENSE,),
    find,
    digits=True,
    words=(*_DEA_NAMES, *_NPI_NAMES, *_OTHER_NAMES),
)
