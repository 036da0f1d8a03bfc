"""National and tax ids of many countries: a shape of the table, then its checksum, then the words beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module

from tidegate.errors import Broken
from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.national_ids import GENERIC, ID_KINDS, IdKind
from tidegate.privacy.spans import Label, Span

_MOST_LETTERS = 6  # an Italian codice fiscale begins with six
_COUNTRY_BEFORE = re.compile(r"(?:^|[^A-Za-z0-9])[A-Z]{2} ")
_LONGEST, _FEWEST_DIGITS, _FEWEST_AFTER_LETTERS = 24, 6, 4
_DIGITS = frozenset("0123456789")
_BEFORE, _AFTER = 50, 20


def find(document: Document) -> Iterator[Span]:
    """Each token with enough digits, once; the first kind that holds. A named number whose check fails is taken as unproved."""
    text = document.text
    taken = 0
    for number, _ in document.numbers:
        if number < taken:
            continue
        start = _token_start(text, number)
        fewest = _FEWEST_DIGITS if start == number else _FEWEST_AFTER_LETTERS
        if sum(c in _DIGITS for c in text[number : number + _LONGEST]) < fewest:
            continue
        if start and not _clear(text[start - 1], text[start - 2 : start - 1]):
            continue
        found = _best(document, start)
        if found is None and start == number and _COUNTRY_BEFORE.fullmatch(text, max(0, number - 4), number):
            found = _named(document, number - 3, _shapes(text, number - 3))  # `DE 123456789`
        if found is not None:
            taken = found.end
            yield found


Shapes = tuple[tuple[IdKind, re.Match[str]], ...]


def _best(document: Document, start: int) -> Span | None:
    shapes = _shapes(document.text, start)
    return (_named(document, start, shapes) or _alone(document, start, shapes)) if shapes else None


def _named(document: Document, start: int, shapes: Shapes) -> Span | None:
    """A number beside its name; proved by its checksum, or else taken at the name's word."""
    before = f" {document.before(start, _BEFORE)} "
    weak: Span | None = None
    for kind, match in shapes:
        beside = before + document.after(match.end(), _AFTER)
        if any(_word_in(word, beside) for word in kind.words):
            if checksum(kind.module)(match[0]):
                return hit("national_id", start, match.end(), Label.NATIONAL_ID, 0.95, valid=True)
            weak = weak or hit("national_id", start, match.end(), Label.NATIONAL_ID, 0.6)
    return weak


def _alone(document: Document, start: int, shapes: Shapes) -> Span | None:
    """Printed in a telling shape with a right checksum, or announced as a personal number of no country in particular."""
    before = document.before(start, _BEFORE)
    announced = any(word in before for word in GENERIC)
    for kind, match in shapes:
        printed = kind.alone is not None and kind.alone.match(document.text, start) is not None
        if (printed or announced) and checksum(kind.module)(match[0]):
            return hit("national_id", start, match.end(), Label.NATIONAL_ID, 0.8, valid=True)
    return None


_ANY_SHAPE = re.compile("|".join(kind.shape.pattern for kind in ID_KINDS))


def _shapes(text: str, start: int) -> Shapes:
    """The kinds whose shape fits at `start`; most tokens fit none and cost one match."""
    if _ANY_SHAPE.match(text, start) is None:
        return ()
    found = ((kind, kind.shape.match(text, start)) for kind in ID_KINDS)
    return tuple((kind, match) for kind, match in found if match is not None)


def _token_start(text: str, number: int) -> int:
    start = number
    while start and number - start < _MOST_LETTERS and text[start - 1].isalpha():
        start -= 1
    return start


def _clear(before: str, further: str) -> bool:
    """Whether a token may begin here: not inside a word, a path or a longer grouped number."""
    return not (before.isalnum() or before == "_" or (before in ".-/" and further.isalnum()))


def _word_in(word: str, text: str) -> bool:
    """Short names (`pan`, `sin`, `nit`) only as whole words."""
    at = text.find(word)
    if len(word) > 4:
        return at >= 0
    while at >= 0:
        end = at + len(word)
        if not (at and text[at - 1].isalpha()) and not (end < len(text) and text[end].isalpha()):
            return True
        at = text.find(word, end)
    return False


@cache
def checksum(module: str) -> Callable[[str], bool]:
    """`is_valid` of a python-stdnum module, loaded at the first candidate of its shape."""
    if module in _OWN:
        return _OWN[module]
    check = getattr(import_module(module), "is_valid", None)
    if not callable(check):
        raise Broken(f"python-stdnum has no {module}", code="stdnum_missing", hint="run scripts/setup")
    return lambda number: bool(check(number))


def nino(number: str) -> bool:
    """UK national insurance number: HMRC's rules for the two letters (it has no checksum)."""
    letters = number[:2]
    return (
        letters not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")
        and not set("DFIQUV") & set(letters)
        and letters[1] != "O"
    )


_OWN: dict[str, Callable[[str], bool]] = {"stdnum.gb.nino": nino}

NATIONAL_ID = Pattern("national_id", (Label.NATIONAL_ID,), lambda document: document.has_digit, find)
