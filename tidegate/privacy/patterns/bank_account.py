"""Domestic bank accounts, beside a word that says so: their shapes alone are those of any number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_NAMES = (
    "account number",
    "account no",
    "account_number",
    "accountnumber",
    "acct",
    "bank account",
    "kontonummer",
    "konto",
    "rekeningnummer",
    "numéro de compte",
)
_VALUE = re.compile(r"\d{2}-\d{2}-\d{2}(?![\w-])|\d{3}-\d{3}(?![\w-])|\d(?:[ -]?\d){5,16}(?![\w])")


def find(document: Document) -> Iterator[Span]:
    for match in beside(document, _NAMES, _VALUE):
        if any(c.isdigit() for c in match[0]):
            yield hit("bank_account", *match.span(), Label.BANK_ACCOUNT, 0.75)


BANK_ACCOUNT = Pattern("bank_account", (Label.BANK_ACCOUNT,), find, digits=True, words=_NAMES)
