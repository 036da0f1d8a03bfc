"""Where the sentences of a text begin and end. Pure; every sentence is a slice of the text, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ITEM = re.compile(r"(?:[-*]|\d{1,3}[.)])\s+")
_END = re.compile(r"[.!?…]+[\"”’')\]]*(?=\s+[\"“‘'(\[]*[\w\[])")
_EDGE = re.compile(r"[\s\"“‘'(\[]")
_NEXT = re.compile(r"\s+[\"“‘'(\[]*(\w+)")
_INITIALS = re.compile(r"(?:[A-Z]\.)*[A-Z]\.")
_SHORT = frozenset(
    """
    adm. al. approx. art. ave. b. bros. c. ca. capt. cf. ch. co. col. corp. d. dept. dr. e.g. ed. eq. esp. est. fig. figs. fl. ft. gen.
    gov. hon. i.e. inc. jr. lt. ltd. maj. max. min. mr. mrs. ms. mt. no. nos. op. p. pp. pres. prof. r. rep. rev. sec. sen.
    sgt. sr. st. vol. vs. jan. feb. mar. apr. jun. jul. aug. sep. sept. oct. nov. dec. bzw. d.h. nr. z.b.
    """.split()
)
_LONGEST = 16  # characters that are looked at before a full stop: initials and abbreviations are shorter
# Words that open a sentence so much more often than they follow an initial that the full stop before them counts.
_OPENERS = frozenset(
    """
    a after also although an and as at because before but by during for from he her his however if in it its many most no
    on one other several she since so some such that the their then there these they this those though to today under
    until we what when where while who with
    """.split()
)


def spans(text: str) -> tuple[tuple[int, int], ...]:
    """(start, end) of every sentence and list item, in order, without the white space around it and the item's marker.

    A line ends a sentence. A full stop does not when it closes a title or another abbreviation ("Dr.", "no. 4"), an
    initial ("J. R. Smith", "U.S. Army"), or stands inside a number or a word; nor before a small letter.
    """
    return tuple(_all(text))


def sentences(text: str) -> tuple[str, ...]:
    """The sentences and list items of a text, without their markers."""
    return tuple(text[start:end] for start, end in spans(text))


def _all(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for line in text.splitlines(keepends=True):
        start, end = _trimmed(text, at, at + len(line))
        at += len(line)
        item = _ITEM.match(text, start, end)
        yield from _of_line(text, item.end() if item else start, end)


def _of_line(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for mark in _END.finditer(text, start, end):
        if mark.start() >= start and _closes(text, start, mark):
            yield start, mark.end()
            start = _trimmed(text, mark.end(), end)[0]
    if start < end:
        yield start, end


def _closes(text: str, start: int, mark: re.Match[str]) -> bool:
    """Whether the stop at `mark` ends the sentence that began at `start`."""
    following = _NEXT.match(text, mark.end())
    word = following[1] if following else ""
    if word[:1].islower():
        return False
    if not mark[0].startswith(".") or mark[0].startswith(".."):
        return True
    token = _EDGE.split(text[max(start, mark.start() - _LONGEST) : mark.start()])[-1] + "."
    if _INITIALS.fullmatch(token):
        return word.casefold() in _OPENERS
    return token.casefold() not in _SHORT


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
