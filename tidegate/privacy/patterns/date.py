"""Calendar dates: day, month and year in figures or words (six languages), with the weekday and the clock time beside them.

Short years need a word before them. Machine timestamps (a date and a time with seconds) are left where no word leads to them: they say
when a line was written, not who; `last seen on 2019-03-04 05:12:11` is somebody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.moment import stretched
from tidegate.privacy.spans import Label, Span

_MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct"
    "|nov|dec|januar|jänner|februar|märz|mai|juni|juli|oktober|dezember|janvier|février|mars|avril|juin|juillet|août|septembre"
    "|octobre|novembre|décembre|januari|februari|maart|mei|augustus|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre"
    "|octubre|noviembre|diciembre|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|novembre|dicembre"
)
_YEAR_FIRST = re.compile(r"(?:1[89]|20)\d\d([-/.])(\d{1,2})\1(\d{1,2})(?!\d)")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(?:(?:1[89]|20)\d\d)(?!\d)")
# What any of the three around it holds.
_FIGURES = r"(?:1[89]|20)\d\d[-/.]\d{1,2}[-/.]\d|\d{1,2}[-/. ]\d{1,2}[-/. ]\d\d"
_SHORT = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2\d\d(?!\d)")
_DAY_WORD = re.compile(
    rf"\d{{1,2}}(?:st|nd|rd|th|er|\.)?(?: of| de)? ?[-/ ]?(?:{_MONTHS})\b\.?(?:,? (?:de |of )?|[-/])(?:1[89]|20)\d\d(?!\d)"
)
_WORD_DAY = re.compile(rf"\b(?:{_MONTHS})\.? \d{{1,2}}(?:st|nd|rd|th)?,? (?:1[89]|20)\d\d(?!\d)")
_TIME = re.compile(r"[T ]\d{2}:\d{2}:\d{2}")
_BIRTH = re.compile(
    r"born|birth|\bdob\b|d\.o\.b|\bgeb|\bné\b|\bnée\b|naissance|geboren|nacid|nacimiento|nato il|nascita"
)
# A word that leads to a date; the first group also to a version or an amount, so for slashes alone.
_LED = re.compile(
    r"(?:\b(?:in|of|at|is|was|and|to|from|by|am|ist|le|el|il|op)|\b(?:on|since|until|till|before|after|between|dated?|due|dob|effective|ab|seit|bis|vom|zum|depuis|jusqu'au"
    r"|sinds|tot|vanaf|desde|hasta|dal)):? ?\(?$"
)
_SURELY_LED = re.compile(
    r"\b(?:on|since|until|till|before|after|between|dated?|due|dob|seit|bis|vom|zum|depuis|sinds|tot|vanaf|desde|hasta|dal):? ?\(?$"
)
_TWO_EACH = re.compile(r"\d\d/\d\d/\d\d(?![\d/])")
_OF_NUMBERS = re.compile(
    r"\b(?:fractions?|ratios?|scores?|parts?|versions?|gates?|rooms?|lines?|model|type|size|no|nr|ref|id|iso|din|en) $"
)
_LONGEST_WORD = 12
MONTH_WORDS = tuple(sorted(set(_MONTHS.split("|"))))
_BIRTH_WORDS = (
    "born",
    "birth",
    "dob",
    "d.o.b",
    "geb",
    "né",
    "naissance",
    "nacid",
    "nacimiento",
    "nato il",
    "nascita",
)


def find(document: Document) -> Iterator[Span]:
    """Read from each number on; words before it are looked back for."""
    text = document.text
    worded = bool(document.places(MONTH_WORDS))
    figures = document.has_shape(_FIGURES)
    if not worded and not figures:
        return
    born = document.has_word(*_BIRTH_WORDS)
    taken = 0
    for start, end in document.numbers:
        size = end - start
        if start < taken or size > 4 or size == 3:
            continue
        behind = text[end : end + 1]
        found = None
        if figures and behind in ("-", "/", ".", " ") and _may_begin(text, start):
            found = _in_figures(document, start, size, born)
        if (
            found is None
            and worded
            and size <= 2
            and document.near(MONTH_WORDS, start - _LONGEST_WORD - 1, end + _LONGEST_WORD)
        ):
            found = (_from_day(document, start) if _may_begin(text, start) else None) or _from_month(
                document, start
            )
        if found is not None:
            taken = found.end
            yield found


def _may_begin(text: str, start: int) -> bool:
    if not start:
        return True
    before = text[start - 1]
    return not (before.isalnum() or (before in "_-./" and start > 1 and text[start - 2].isalnum()))


def _in_figures(document: Document, start: int, size: int, born: bool) -> Span | None:
    text = document.text
    if size == 4:
        match = _YEAR_FIRST.match(text, start)
        right = match is not None and _calendar(int(match[2]), int(match[3]))
    else:
        match = _YEAR_LAST.match(text, start)
        right = match is not None and _either(int(match[1]), int(match[3]))
    if match is not None and right and (not _TIME.match(text, match.end()) or _led_to(document, start)):
        return _dated(document, start, match.end())
    match = _SHORT.match(text, start) if size < 4 else None
    if match is None or not _either(int(match[1]), int(match[3])):
        return None
    if (
        match[2] == "/"
        and _TWO_EACH.match(text, start)
        and not _OF_NUMBERS.search(document.before(start, 14))
    ):
        return _dated(document, start, match.end())
    led = _LED if match[2] == "/" else _SURELY_LED
    if (born and _BIRTH.search(document.before(start, 30))) or led.search(document.before(start, 14)):
        return _dated(document, start, match.end())
    return None


def _led_to(document: Document, start: int) -> bool:
    """Whether a timestamp is spoken of: behind a word that leads to it, or as the value of a field on its own line."""
    return (
        _LED.search(document.before(start, 14)) is not None
        or _FIELD.search(document.text, max(0, start - 30), start) is not None
    )


_FIELD = re.compile(
    r"(?:^|\n)[ \t]{0,4}(?!Timestamp|Generated|Updated|Built|Build|Started|Finished|Log|Time)[A-Z][a-z]{2,14}(?: [a-z]{2,8})?: ?$"
)


def _from_day(document: Document, start: int) -> Span | None:
    """`12 March 1985`, `3rd of May 2021`."""
    match = _DAY_WORD.match(document.lower, start)
    return _dated(document, start, match.end()) if match is not None else None


def _from_month(document: Document, start: int) -> Span | None:
    """`March 5, 2024`, seen from its day."""
    text = document.text
    if start < 4 or text[start - 1] != " " or not (text[start - 2].isalpha() or text[start - 2] == "."):
        return None
    begin = start - 1
    while begin > max(0, start - 1 - _LONGEST_WORD) and (text[begin - 1].isalpha() or text[begin - 1] == "."):
        begin -= 1
    match = _WORD_DAY.match(document.lower, begin)
    return _dated(document, begin, match.end()) if match is not None else None


def _dated(document: Document, start: int, end: int) -> Span | None:
    text = document.text
    first, last = stretched(document, start, end)
    if (
        last == end
        and end < len(text)
        and (
            text[end].isalpha()
            or text[end] == "_"
            or (text[end] in ".-/" and text[end + 1 : end + 2].isdigit())
        )
    ):
        return None
    birth = _BIRTH.search(document.before(start, 30)) is not None
    return hit("date", first, last, Label.DATE_TIME, 0.9 if birth else 0.6)


def _calendar(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= 31


def _either(first: int, second: int) -> bool:
    return _calendar(first, second) or _calendar(second, first)


DATE = Pattern(
    "date",
    (Label.DATE_TIME,),
    find,
    digits=True,
    lexicon=(*MONTH_WORDS, *_BIRTH_WORDS),
    shapes=(_FIGURES,),
)
