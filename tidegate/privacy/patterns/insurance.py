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
    "ehic", "medicaid",
)  # fmt: skip
_VALUE = re.compile(r"[A-Z]{0,4}[-# ]?\d[A-Z0-9-]{4,19}(?![A-Za-z0-9])")


def find(document: Document) -> Iterator[Span]:
    for match in beside(document, _NAMES, _VALUE):
        yield hit("insurance", *match.span(), Label.INSURANCE_NUMBER, 0.75)


INSURANCE = Pattern("insurance", (Label.INSURANCE_NUMBER,), find, digits=True, words=_NAMES)
