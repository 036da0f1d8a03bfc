"""Numbers of employees, students and members of staff beside a word that says so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_NAMES = (
    "employee id", "employee_id", "employeeid", "employee number", "employee no", "employee #", "emp id", "emp no", "emp_id", "empid", "staff no", "staff id", "staff_id", "staff number", "personnel number",
    "personnel no", "payroll number", "badge number", "badge no", "badge id", "badge #", "worker id", "student id", "student_id", "student number",
    "matriculation number", "personalnummer", "mitarbeiternummer", "matrikelnummer", "matrikelnr", "matrikel-nr", "personal-nr", "personalnr", "mitarbeiter-nr", "mitarbeiternr", "mitarbeiter-id", "matricule", "numéro étudiant", "personeelsnummer",
    "studentnummer", "número de empleado",
)  # fmt: skip
_VALUE = re.compile(r"[A-Z]{0,4}[-# ]?\d[A-Z0-9-]{2,11}(?![A-Za-z0-9])")


def find(document: Document) -> Iterator[Span]:
    for match in beside(document, _NAMES, _VALUE):
        yield hit("employee_id", *match.span(), Label.EMPLOYEE_ID, 0.75)


EMPLOYEE_ID = Pattern("employee_id", (Label.EMPLOYEE_ID,), find, digits=True, words=_NAMES)
