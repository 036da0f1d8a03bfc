"""Bank codes beside their name: ABA routing numbers and CLABE with their check digits, sort codes, BSB, BLZ."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_NAMES = (
    "routing number", "routing no", "routing", "aba", "rtn", "transit number", "sort code", "sort_code", "sortcode", "bsb", "blz",
    "bankleitzahl", "clabe", "ifsc", "bank code",
)  # fmt: skip
_VALUE = re.compile(
    r"\d{2}-\d{2}-\d{2}(?![\w-])|\d{3}-\d{3}(?![\w-])|\d{18}(?!\w)|\d{9}(?!\w)|\d{3} \d{3} \d{2}(?!\w)|\d{8}(?!\w)|\d{6}(?!\w)|[A-Z]{4}0[A-Z0-9]{6}(?!\w)"
)


def aba(digits: str) -> bool:
    """American Bankers Association: weights 3 7 1, mod 10."""
    return sum(int(d) * (3, 7, 1)[i % 3] for i, d in enumerate(digits)) % 10 == 0


def clabe(digits: str) -> bool:
    """Mexican accounts: each digit times 3 7 1 mod 10, the last makes the sum a multiple of ten."""
    total = sum(int(d) * (3, 7, 1)[i % 3] % 10 for i, d in enumerate(digits[:17]))
    return (10 - total % 10) % 10 == int(digits[17])


def find(document: Document) -> Iterator[Span]:
    for match in beside(document, _NAMES, _VALUE):
        value = match[0]
        proved = value.isdigit() and ((len(value) == 9 and aba(value)) or (len(value) == 18 and clabe(value)))
        yield hit("bank_code", *match.span(), Label.BANK_ACCOUNT, 0.9 if proved else 0.75, valid=proved)


BANK_CODE = Pattern("bank_code", (Label.BANK_ACCOUNT,), find, digits=True, words=_NAMES)
