"""Ages: `34 years old`, `34-year-old`, `aged 34`, `"age": 34`, and the same in German, French and Dutch."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_AFTER = re.compile(
    r"[ -]?(?:years?|yrs?|months?)[ -](?:old|of age)\b|[ -]?y/?o\b|[ -]jahre alt\b|[ -]?jährige[rsn]?\b|[ -]jaar oud\b|[ -]?-?jarige?\b"
    r"|[ -]años\b de edad|[ -]anni d'età"
)
_BEFORE = re.compile(
    r"(?:\bage[d]?|\balter|\bâgée? de|\bleeftijd|\bedad|_age|patient_age)[\"']?(?: is| of|:|=| :)? ?[\"']?$"
)
# `her son is 12.`: of somebody, and nothing is counted behind it
_SOMEBODY = re.compile(
    r"\b(?:s?he|son|daughter|wife|husband|mother|father|mum|mom|dad|brother|sister|child|boy|girl|kid|baby|grand(?:ma|pa|mother|father|son|daughter)|patient"
    r"|twins?|nephew|niece|uncle|aunt|cousin|who)(?: is| was|'s|’s| has)?(?: just| only| already| now)?(?: turned| turns| turning)? $"
)
_SAID = re.compile(
    r"[.!?;)]?(?:\s*$|[\n\"])|[.!?;)] |, (?!\d)| (?:and|but|now|today|tomorrow|next|this|when|while)\b(?! (?:a )?half)"
)
_OLDEST = 125
_BEHIND = (*" -yjYJ",)


def find(document: Document) -> Iterator[Span]:
    for start, end in document.numbers:
        if end - start > 3 or int(document.text[start:end]) > _OLDEST or not _apart(document, start):
            continue
        after = _AFTER.match(document.lower, end) if document.text[end : end + 1] in _BEHIND else None
        if after is not None:
            yield hit("age", start, after.end(), Label.AGE, 0.85)
        elif (
            _BEFORE.search(document.before(start, 20))
            and document.free(start, end)
            and not _measure(document, end)
        ):
            yield hit("age", start, end, Label.AGE, 0.8)
        elif (
            document.free(start, end)
            and _SAID.match(document.lower, end)
            and _SOMEBODY.search(document.before(start, 40))
        ):
            yield hit("age", start, end, Label.AGE, 0.6)


def _apart(document: Document, start: int) -> bool:
    return not (start and (document.text[start - 1].isalnum() or document.text[start - 1] in ".,_"))


def _measure(document: Document, end: int) -> bool:
    """`age 12.5` or `max-age=300` are not ages of people."""
    return document.text[end : end + 1] in (".", ",") and document.text[end + 1 : end + 2].isdigit()


_HINTS = (
    "year",
    "yr",
    "yo",
    "y/o",
    "jahr",
    "jähr",
    "jaar",
    "jarig",
    "age",
    "âgé",
    "alter",
    "leeftijd",
    "edad",
    "month",
    "anni",
    "años",
    " is ",
    " was ",
    " turn",
    "'s ",
    "’s ",
)
AGE = Pattern("age", (Label.AGE,), find, digits=True, words=_HINTS)
