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
    "número de cuenta",
    "numero de cuenta",
    "cuenta bancaria",
    "numero di conto",
    "conto corrente",
    "conta corrente",
    "conta bancária",
    "numer konta",
    "numer rachunku",
    "číslo účtu",
    "tilinumero",
    "bankkonto",
)
_PLAIN_NAMES = ("account", "a/c", "acc", "rekening", "compte", "cuenta", "conto", "conta")
_BANKING = (
    "sort code",
    "routing",
    "bank",
    "iban",
    "bic",
    "swift",
    "blz",
    "bankleitzahl",
    "bsb",
    "ifsc",
)  # with these nearby `account` means one
_VALUE = re.compile(
    r"\d{2}-\d{2}-\d{2}(?![\w-])|\d{3}-\d{3}(?![\w-])|\d\d\.\d\d\.\d\d\.\d{3}(?!\w)|(?:[A-Z]{2} )?\d(?:[ -]?\d){5,23}(?!\w)"
)

_NUMBER = re.compile(r"\d(?:[ -]?\d){5,17}(?![\w-])")
_NEARBY = 60


def find(document: Document) -> Iterator[Span]:
    for match in beside(document, _NAMES, _VALUE):
        if any(c.isdigit() for c in match[0]):
            yield hit("bank_account", *match.span(), Label.BANK_ACCOUNT, 0.75)
    if document.has_word(*_BANKING):
        for match in beside(document, _PLAIN_NAMES, _NUMBER):
            if document.near(_BANKING, match.start() - _NEARBY, match.end() + _NEARBY):
                yield hit("bank_account", *match.span(), Label.BANK_ACCOUNT, 0.7)


BANK_ACCOUNT = Pattern(
    "bank_account", (Label.BANK_ACCOUNT,), find, digits=True, words=(*_NAMES, *_BANKING), lexicon=_PLAIN_NAMES
)
