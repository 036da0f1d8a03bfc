"""Dates without a year or without a day, with the month in words: `May 12th`, `March 2024`, `12. Mai`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.date import MONTH_WORDS
from tidegate.privacy.patterns.moment import stretched
from tidegate.privacy.spans import Label, Span

_MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec"
    "|Januar|Jänner|Februar|März|Mai|Juni|Juli|Oktober|Dezember|janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre"
    "|novembre|décembre|januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december|enero|febrero|marzo"
    "|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre"
    "|ottobre|dicembre"
)
_YEAR = r"(?:1[89]|20)\d\d(?!\d|[.-]\d)"
_WORD_YEAR = re.compile(rf"(?:{_MONTHS})\.?,? (?:de |del |of )?{_YEAR}")
_WORD_DAY = re.compile(
    rf"(?:{_MONTHS})\.? (?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?(?![\w:]|[.,]\d|%| ?[€$°])"
)
_DAY_WORD = re.compile(rf"(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th|er|\.)?(?: of| de)? (?:{_MONTHS})(?!\w)")
# In small letters `may` and `march` are verbs, unless a word leads to the date.
_SMALL_MONTHS = "|".join(
    sorted(
        {month.lower() for month in _MONTHS.split("|") if len(month) > 5 and month not in ("March", "marzo")}
    )
)
_SMALL_DATE = re.compile(
    rf"(?:{_SMALL_MONTHS}),? (?:of )?(?:{_YEAR}|(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?(?![\w:]|[.,]\d|%| ?[€$°]))"
    rf"|(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th|er|\.)?(?: of)? (?:{_SMALL_MONTHS})(?!\w)"
)
_SMALL_LED = re.compile(
    r"\b(?:on|since|until|till|from|by|before|after|of|dated?|due|ends?|the|and) ((?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?(?: of)? (?:may|march|june|july)\b"
    r"|(?:may|march|june|july) (?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?(?![\w:]|[.,]\d|%)|(?:may|march|june|july) (?:of )?(?:19|20)\d\d(?![\w.:-]))"
)
_STARTS = frozenset(month[:3] for month in _MONTHS.split("|"))
_LOOK_BACK = 26
_SMALL = (" de", " del", " of")
_JOINED = tuple("_$€£.,:/#-")
_SHAPE = "|".join(sorted({month.lower() for month in _MONTHS.split("|")}))


def find(document: Document) -> Iterator[Span]:
    text = document.text
    for start, end in document.numbers:
        if end - start > 4 or (start and (text[start - 1].isalnum() or text[start - 1] in "_$€£.,:/#-")):
            continue
        match = _after_word(text, start)
        if match is None and end - start <= 2:
            match = _DAY_WORD.match(text, start)
        if match is not None and _ends(text, match.end()):
            yield hit("month", *stretched(document, *match.span()), Label.DATE_TIME, 0.55)
    yield from _in_small_letters(document)


def _in_small_letters(document: Document) -> Iterator[Span]:
    """Around each month that stands in small letters, as in a chat without capitals."""
    taken = 0
    for at in document.places(MONTH_WORDS):
        if at < taken or not document.text[at].islower():
            continue
        for shape, group in ((_SMALL_DATE, 0), (_SMALL_LED, 1)):
            match = shape.search(document.lower, max(taken, at - _AROUND), at + _AROUND)
            if (
                match is not None
                and document.free(*match.span(group))
                and document.text[match.start(group) - 1 : match.start(group)] not in _JOINED
            ):
                taken = match.end(group)
                yield hit("month", *stretched(document, *match.span(group)), Label.DATE_TIME, 0.55)
                break


_AROUND = 26  # characters on either side in which a date in words lies


def _after_word(text: str, start: int) -> re.Match[str] | None:
    """`March 2024` and `March 5`, seen from the number."""
    if start < 4 or text[start - 1] != " ":
        return None
    before = text[max(0, start - _LOOK_BACK) : start].rstrip(" ,.")
    for small in _SMALL:
        before = before.removesuffix(small)
    first = len(before)
    while first and before[first - 1].isalpha():
        first -= 1
    joined = before[first - 1 : first]
    if before[first : first + 3] not in _STARTS or joined == "_" or joined.isalnum():
        return None
    begin = max(0, start - _LOOK_BACK) + first
    return _WORD_YEAR.match(text, begin) or _WORD_DAY.match(text, begin)


def _ends(text: str, end: int) -> bool:
    return end >= len(text) or not (text[end].isalnum() or text[end] in "_%")


MONTH = Pattern(
    "month", (Label.DATE_TIME,), find, digits=True, lexicon=MONTH_WORDS, shape=rf"\b(?:{_SHAPE})\b"
)
