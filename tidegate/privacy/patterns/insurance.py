"""Insurance numbers beside a word that says so: health, pension, liability."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_NAMES = (
    "insurance number", "insurance no", "insurance id", "insurance_id", "insurance_number", "insurance policy", "insurance member",
    "health insurance", "member id", "member_id", "member number", "policy number", "policy no", "policy_number", "policyholder",
    "subscriber id", "group number", "versichertennummer", "versicherungsnummer", "versicherungsschein", "krankenversicherung",
    "numéro d'assuré", "numéro d'adhérent", "polisnummer", "verzekeringsnummer", "zorgverzekering", "número de póliza", "tessera sanitaria",
    "ehic", "medicaid", "group no", "member no", "bcbs id", "policy id", "policy #", "insurance card", "mutuelle", "numero di polizza",
    "polizza n", "número de apólice", "numer polisy",
)  # fmt: skip
# The second: a German pension insurance number as it is printed.
_VALUE = re.compile(
    r"[A-Z]{0,4}[-# ]?\d[A-Z0-9-]{4,19}(?![A-Za-z0-9])|\d\d \d{6} [A-Z] \d{3}(?!\w)|[A-Z]{2}-[A-Z0-9-]{5,16}(?![A-Za-z0-9])"
)


def find(document: Document) -> Iterator[Span]:
    for match in beside(document, _NAMES, _VALUE):
        if any(c.isdigit() for c in match[0]):
            yield hit("insurance", *match.span(), Label.INSURANCE_NUMBER, 0.75)


INSURANCE = Pattern("insurance", (Label.INSURANCE_NUMBER,), find, digits=True, words=_NAMES)
