"""A job where a form asks for it: `Occupation: Barrister`, `job title: Nurse, mental health`, `Beruf: Tischlerin`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_NAMES = (
    "occupation", "job title", "job_title", "jobtitle", "profession", "current position", "job", "beruf", "berufsbezeichnung", "beroep", "functie", "métier",
    "profesión", "ocupación", "professione", "profissão",
)  # fmt: skip
_WORD = r"[^\W\d_][\w'’/&()-]{0,24}"
_VALUE = re.compile(
    rf"{_WORD}(?: {_WORD}){{0,5}}(?:, {_WORD}(?: {_WORD}){{0,3}}(?![\w ]{{0,20}}[:=]))?(?=\s{{0,2}}(?:[,;|\"'\n.)]|$))"
)
_NOBODY = frozenset(
    "unknown none null string retired student unemployed n/a na other required optional true false".split()
)
_LETTERS = 4


def find(document: Document) -> Iterator[Span]:
    for match in beside(document, _NAMES, _VALUE, strict=True):
        value = match[0]
        if value.lower() not in _NOBODY and len(value) >= _LETTERS and not _of_a_program(document, match):
            yield hit("occupation", *match.span(), Label.TITLE, 0.6)


def _of_a_program(document: Document, match: re.Match[str]) -> bool:
    """`job = build_all`, `job: deploy-prod`: a name of a program's; and `the job is done`."""
    before = document.before(match.start(), 6)
    return (
        "_" in match[0] or before.rstrip()[-2:] == "is" or (before.rstrip()[-1:] == "=" and '"' not in before)
    )


OCCUPATION = Pattern("occupation", (Label.TITLE,), find, words=_NAMES)
