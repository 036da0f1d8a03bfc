"""Medical record and patient numbers, beside a word that says so: their shapes alone are those of any number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_NAMES = (
    "medical record",
    "medical_record",
    "mrn",
    "patient id",
    "patient_id",
    "patientid",
    "patient number",
    "patient no",
    "health card",
    "chart number",
    "chart no",
    "chart #",
    "hospital number",
    "hospital no",
    "med rec",
    "patienten-nr",
    "patientennr",
    "fall-nr",
    "fallnr",
    "nº de historia",
    "cartella clinica",
    "número de processo",
    "case number",
    "patientennummer",
    "fallnummer",
    "numéro de patient",
    "numéro de dossier",
    "patiëntnummer",
    "historia clínica",
    "nhc",
)
_VALUE = re.compile(r"[A-Z]{0,4}[-# ]?\d[A-Z0-9-]{3,17}(?![A-Za-z0-9])")


def find(document: Document) -> Iterator[Span]:
    for match in beside(document, _NAMES, _VALUE):
        if any(c.isdigit() for c in match[0]):
            yield hit("medical_record", *match.span(), Label.MEDICAL_RECORD, 0.75)


MEDICAL_RECORD = Pattern("medical_record", (Label.MEDICAL_RECORD,), find, digits=True, words=_NAMES)
