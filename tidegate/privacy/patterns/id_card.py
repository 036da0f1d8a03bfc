"""Numbers of identity cards and residence permits beside a word that says so: their shapes alone are those of any number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_NAMES = (
    "identity card", "id card", "identity document", "residence permit", "personalausweis", "ausweisnummer", "ausweis-nr", "ausweisnr",
    "aufenthaltstitel", "carte d'identité", "carte nationale", "carta d'identità", "documento de identidad", "identiteitskaart",
    "id-kaart", "identity_card", "id_card", "id card number", "dowód osobisty", "green card",
)  # fmt: skip
_VALUE = re.compile(
    r"[A-Z]{0,2}\d[A-Z0-9]{5,11}(?![A-Za-z0-9])|[A-Z][A-Z0-9]{8,9}(?![A-Za-z0-9])|[A-Z]{3} ?\d{6}(?!\w)"
)


def find(document: Document) -> Iterator[Span]:
    for match in beside(document, _NAMES, _VALUE):
        if any(c.isdigit() for c in match[0]):
            yield hit("id_card", *match.span(), Label.NATIONAL_ID, 0.8)


ID_CARD = Pattern("id_card", (Label.NATIONAL_ID,), find, digits=True, words=_NAMES)
