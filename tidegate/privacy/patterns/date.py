"""Calendar dates: day, month and year in figures or words (six languages); short years only beside a word of birth.

Machine timestamps (a date followed by a time with seconds) are left: they say when a line was written, not who.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct"
    "|nov|dec|januar|jänner|februar|märz|mai|juni|juli|oktober|dezember|janvier|février|mars|avril|juin|juillet|août|septembre"
    "|octobre|novembre|décembre|januari|februari|maart|mei|augustus|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre"
    "|octubre|noviembre|diciembre|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|novembre|dicembre"
)
_YEAR_FIRST = re.compile(r"(?:1[89]|20)\d\d([-/.])(\d{1,2})\1(\d{1,2})(?!\d)")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(?:(?:1[89]|20)\d\d)(?!\d)")
_SHORT = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2\d\d(?!\d)")
_DAY_WORD = re.compile(
    rf"\d{{1,2}}(?:st|nd|rd|th|er|\.)?(?: of| de)? ?[-/ ]?(?:{_MONTHS})\b\.?(?:,? (?:de )?|[-/])(?:1[89]|20)\d\d(?!\d)"
)
_WORD_DAY = re.compile(rf"\b(?:{_MONTHS})\.? \d{{1,2}}(?:st|nd|rd|th)?,? (?:1[89]|20)\d\d(?!\d)")
_TIME = re.compile(r"[T ]\d{2}:\d{2}:\d{2}")
_BIRTH = re.compile(
    r"born|birth|\bdob\b|d\.o\.b|\bgeb|\bné\b|\bnée\b|naissance|geboren|nacid|nacimiento|nato il|nascita"
)
_LONGEST_WORD = 12
_BEHIND = ("-", "/", ".", " ", ",")
_MONTH_STARTS = frozenset(month[:3] for month in _MONTHS.split("|"))


def find(document: Document) -> Iterator[Span]:
    """Read from each number on; words before it are looked back for."""
    text = document.text
    taken = 0
    for start, end in document.numbers:
        if (
            start < taken
            or end - start > 4
            or (text[end : end + 1] not in _BEHIND and not _worded(text, end))
        ):
            continue
        found = _from_number(document, start) or _from_month(document, start)
        if found is not None:
            taken = found.end
            yield found


def _worded(text: str, end: int) -> bool:
    """Whether letters follow a number: `3rd of May`."""
    return text[end : end + 1].isalpha()


def _from_number(document: Document, start: int) -> Span | None:
    text = document.text
    if start and (
        text[start - 1].isalnum() or (text[start - 1] in "_-./" and start > 1 and text[start - 2].isalnum())
    ):
        return None
    match = _YEAR_FIRST.match(text, start)
    if match is not None and _calendar(int(match[2]), int(match[3])) and not _TIME.match(text, match.end()):
        return _dated(document, start, match.end())
    match = _YEAR_LAST.match(text, start)
    if match is not None and _either(int(match[1]), int(match[3])) and not _TIME.match(text, match.end()):
        return _dated(document, start, match.end())
    match = _DAY_WORD.match(document.lower, start)
    if match is not None:
        return _dated(document, start, match.end())
    match = _SHORT.match(text, start)
    if (
        match is not None
        and _either(int(match[1]), int(match[3]))
        and _BIRTH.search(document.before(start, 30))
    ):
        return _dated(document, start, match.end())
    return None


def _from_month(document: Document, start: int) -> Span | None:
    """`March 5, 2024`, seen from its day."""
    text = document.text
    if start < 4 or text[start - 1] != " " or not (text[start - 2].isalpha() or text[start - 2] == "."):
        return None
    begin = start - 1
    while begin > max(0, start - 1 - _LONGEST_WORD) and (text[begin - 1].isalpha() or text[begin - 1] == "."):
        begin -= 1
    if document.lower[begin : begin + 3] not in _MONTH_STARTS:
        return None
    match = _WORD_DAY.match(document.lower, begin)
    return _dated(document, begin, match.end()) if match is not None else None


def _dated(document: Document, start: int, end: int) -> Span | None:
    text = document.text
    if end < len(text) and (
        text[end].isalpha() or text[end] == "_" or (text[end] in ".-/" and text[end + 1 : end + 2].isdigit())
    ):
        return None
    birth = _BIRTH.search(document.before(start, 30)) is not None
    return hit("date", start, end, Label.DATE_TIME, 0.9 if birth else 0.6)


def _calendar(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= 31


def _either(first: int, second: int) -> bool:
    return _calendar(first, second) or _calendar(second, first)


DATE = Pattern("date", (Label.DATE_TIME,), find, digits=True)
