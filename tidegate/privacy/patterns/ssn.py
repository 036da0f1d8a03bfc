"""US social security numbers: 3-2-4 in an area that was issued, bare or malformed ones only beside their name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, any_of, digits_of, hit
from tidegate.privacy.spans import Label, Span

_GROUPED = re.compile(r"\d{3}([- .])\d{2}\1\d{4}")
_COUNTRY_CODE = re.compile(r"\+\d{0,3} ?$")  # `+688 90 1234` is a phone number
# What is left of a number that somebody has masked, or gives by its end: `***-**-1120`, `last four of my SSN are 1120`.
_LAST_FOUR = re.compile(
    r"(?:\*{3}-?\*\*-?|\bx{3}-xx-|\blast (?:four|4)[^\n\d]{0,24}(?:ssn|social security)[^\n\d]{0,14}|\b(?:ssn|social security)[^\n\d]{0,24}(?:ending|ends|last (?:four|4))[^\n\d]{0,12})"
    r"(\d{4})(?![\w-])"
)
_LAST_FOUR_SHAPE = r"\*\*-?\d|xx-\d|last (?:four|4)|end(?:ing|s)"
_NAMED = ("ssn", "social security", "soc sec", "itin", "taxpayer id")


def issued(digits: str) -> bool:
    """SSA rules: area not 000, 666 or above 899; group and serial not all zeros. ITIN (9xx) has its own groups."""
    area, group, serial = digits[:3], int(digits[3:5]), digits[5:]
    if area[0] == "9":
        return group >= 50 and serial != "0000"
    return area not in ("000", "666") and group != 0 and serial != "0000"


def find(document: Document) -> Iterator[Span]:
    named = document.has_word(*_NAMED)
    if named and document.has_shape(_LAST_FOUR_SHAPE):
        yield from _masked(document)
    for start, number_end in document.numbers:
        if number_end - start == 3:
            match = _GROUPED.match(document.text, start)
            if match is None or not _whole(document, *match.span()):
                continue
            context = named and _beside(document, start)
            if (context and set(match[0]) != {"0", match[1]}) or (
                match[1] != "." and issued(digits_of(match[0]))
            ):
                yield hit(
                    "ssn", *match.span(), Label.US_SSN, 0.95 if context else 0.85, valid=match[1] == "-"
                )
        elif (
            named
            and number_end - start == 9
            and document.free(start, number_end)
            and _beside(document, start)
        ):
            yield hit("ssn", start, number_end, Label.US_SSN, 0.8)


def _masked(document: Document) -> Iterator[Span]:
    for match in _LAST_FOUR.finditer(document.lower):
        if match[0][0] not in "*x" or _beside(document, match.start()):
            yield hit("ssn", *match.span(1), Label.US_SSN, 0.7)


def _whole(document: Document, start: int, end: int) -> bool:
    text = document.text
    if not document.free(start, end) or _COUNTRY_CODE.search(text[max(0, start - 5) : start]):
        return False
    joined_before = start > 1 and text[start - 1] in "-." and text[start - 2].isalnum()
    joined_after = end + 1 < len(text) and text[end] in "-." and text[end + 1].isalnum()
    return not joined_before and not joined_after


def _beside(document: Document, start: int) -> bool:
    before = document.before(start, 45)
    return any(word in before for word in _NAMED)


SSN = Pattern(
    "ssn",
    (Label.US_SSN,),
    find,
    digits=True,
    shape=rf"\d{{3}}[- .]\d\d[- .]\d{{4}}|{any_of(*_NAMED)}",
    lexicon=_NAMED,
    shapes=(_LAST_FOUR_SHAPE,),
)
