"""National and tax ids of many countries: a shape of the table, then its checksum, then the words beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module

from tidegate.errors import Broken
from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, any_place_of, hit
from tidegate.privacy.patterns.national_ids import GENERIC, ID_KINDS, TOKEN_END, IdKind
from tidegate.privacy.patterns.others import of_goods
from tidegate.privacy.patterns.own_checks import OWN
from tidegate.privacy.spans import Span

_MOST_LETTERS = 6  # an Italian codice fiscale begins with six
_MOST_LETTERS_NAMED = 9  # and a German identity card may hold nine before its first digit
_LETTERS_BEFORE = re.compile(r"(?<![A-Za-z0-9&])([A-Z]{1,2} |[A-ZÑ&]{3,4})$")
_LONGEST = 24
_AFTER_ONE = (
    " ",
    "-",
    ".",
)  # a first group of one digit: `1 85 05 78 006 084 42`, `1-2345-67890-12-1`, `1.234.567-8`
_BEFORE, _AFTER = 50, 20
_LETTER_BEFORE = re.compile(r"(?:^|[^A-Za-z0-9-])[A-Z]-")
_GROUP_BEFORE = re.compile(r"\d{3,4} $")
_GROUP_BEHIND = re.compile(r" \d{3,4}(?![\w.,])")
_NONE: frozenset[str] = frozenset()
# What may follow the first group of digits, by its length, in the shapes that stand alone.
_ENDS = " \n\r\t.,;:)]}>|<`'\""
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_AFTER_FIRST: dict[int, frozenset[str]] = {
    size: frozenset((*marks, "")) for size, marks in {
        1: " -.", 2: " .-", 3: "-.", 4: " ", 5: " -", 6: "-+/A", 7: _CAPITALS + " ", 8: "-" + _CAPITALS, 13: _ENDS, 15: _ENDS, 17: "xX", 18: _ENDS,
    }.items()
}  # fmt: skip


def find(document: Document) -> Iterator[Span]:
    """Each token with enough digits, once; the first kind that holds. A named number whose check fails is taken as unproved."""
    text = document.text
    announced = bool(document.places(GENERIC))
    named = bool(document.places(_WORDS))
    taken = 0
    for number, number_end in document.numbers:
        if number < taken or not (
            named or number_end - number > 1 or text[number_end : number_end + 1] in _AFTER_ONE
        ):
            continue
        start = _token_start(text, number, _MOST_LETTERS_NAMED if named else _MOST_LETTERS)
        if start and not _clear(text[start - 1], text[start - 2 : start - 1]):
            continue
        found = None
        if named and document.near(_WORDS, start - _BEFORE - _LONGEST_WORD, number_end + _LONGEST + _AFTER):
            found = _beside(document, start, number)
        if (
            found is None
            and (
                start < number
                or text[number_end : number_end + 1] in _AFTER_FIRST.get(number_end - number, _NONE)
            )
            and (first := _ANY_ALONE.match(text, start)) is not None
        ):
            found = _printed(document, start, int((first.lastgroup or "k0")[1:]))
        if found is None and announced and document.near(GENERIC, start - _BEFORE, start):
            found = _announced(document, start)
        if found is not None:
            taken = found.end
            yield found


Shapes = tuple[tuple[IdKind, re.Match[str]], ...]


def _beside(document: Document, start: int, number: int) -> Span | None:
    """A number beside its name, also with its country or its letter before it (`DE 123456789`, `Y 1526981 W`), or with an ampersand."""
    text = document.text
    found = _named(document, start, _shapes(text, start))
    if found is None:
        before = _LETTERS_BEFORE.search(text, max(0, number - 5), number) if start else None
        if before is not None and before.start(1) < start:
            found = _named(document, before.start(1), _shapes(text, before.start(1)))
    return found


def _named(document: Document, start: int, shapes: Shapes) -> Span | None:
    """A number beside its name; proved by its checksum, or else taken at the name's word."""
    before = f" {document.lead(start, _BEFORE)} "
    weak: Span | None = None
    for kind, match in shapes:
        words = document.having(kind.words)
        if words and any(
            _word_in(word, before + document.after(match.end(), _AFTER + len(word))) for word in words
        ):
            if checksum(kind.module)(match[0]):
                return hit("national_id", start, match.end(), kind.label, 0.95, valid=True)
            if not of_goods(document, start):
                weak = weak or hit("national_id", start, match.end(), kind.label, 0.6)
    return weak


def proved(document: Document, start: int) -> Span | None:
    """The number at `start` that the text calls by its name and whose checksum holds."""
    found = _named(document, start, _shapes(document.text, start))
    return found if found is not None and found.valid else None


def _printed(document: Document, start: int, first: int) -> Span | None:
    """Printed in a telling shape with a right checksum; `first` is the first kind whose shape fits."""
    for kind in ID_KINDS[first:]:
        if kind.alone is not None:
            match = kind.alone.match(document.text, start)
            if (
                match is not None
                and not _of_longer_row(document.text, start, match.end())
                and checksum(kind.module)(match[0])
            ):
                return hit("national_id", start, match.end(), kind.label, 0.8, valid=True)
    return None


def _of_longer_row(text: str, start: int, end: int) -> bool:
    """Whether groups of digits go on before or behind a number of groups: `1111 2222 3333 4444` holds no twelve digits of anybody."""
    return " " in text[start:end] and (
        _GROUP_BEFORE.search(text, max(0, start - 5), start) is not None
        or _GROUP_BEHIND.match(text, end) is not None
    )


def _announced(document: Document, start: int) -> Span | None:
    """A right checksum behind a word for a personal number of no country in particular."""
    before = document.lead(start, _BEFORE)
    if not any(word in before for word in GENERIC):
        return None
    for kind, match in _shapes(document.text, start):
        if checksum(kind.module)(match[0]):
            return hit("national_id", start, match.end(), kind.label, 0.8, valid=True)
    return None


_ANY_SHAPE = re.compile("|".join(kind.shape.pattern for kind in ID_KINDS))
_ANY_ALONE = re.compile(
    "|".join(
        f"(?P<k{index}>{kind.alone.pattern})" for index, kind in enumerate(ID_KINDS) if kind.alone is not None
    )
)
_WORDS = tuple(sorted({word for kind in ID_KINDS for word in kind.words}))
_LONGEST_WORD = max(map(len, _WORDS))


def _shapes(text: str, start: int) -> Shapes:
    """The kinds whose shape fits at `start`; most tokens fit none and cost one match."""
    if _ANY_SHAPE.match(text, start) is None:
        return ()
    found = ((kind, kind.shape.match(text, start)) for kind in ID_KINDS)
    return tuple((kind, match) for kind, match in found if match is not None)


def _token_start(text: str, number: int, most: int) -> int:
    if text[number - 1 : number] == "-" and _LETTER_BEFORE.fullmatch(text, max(0, number - 3), number):
        return number - 2  # `X-1234567-L`, `V-12345678-9`
    start = number
    while start and number - start < most and text[start - 1].isalpha():
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
    if module in OWN:
        return OWN[module]
    check = getattr(import_module(module), "is_valid", None)
    if not callable(check):
        raise Broken(f"python-stdnum has no {module}", code="stdnum_missing", hint="run scripts/setup")
    return lambda number: bool(check(number))


# What the text must hold: a name, or a number that is printed in a telling shape.
_ALONE_SHAPE = "|".join(
    kind.alone.pattern.removesuffix(TOKEN_END).lower() for kind in ID_KINDS if kind.alone is not None
)
NATIONAL_ID = Pattern(
    "national_id",
    tuple(sorted({kind.label for kind in ID_KINDS})),
    find,
    digits=True,
    shape=rf"(?:^|[^a-z0-9_])(?:{_ALONE_SHAPE})(?:$|[^a-z0-9])|{any_place_of(*_WORDS, *GENERIC)}",
    lexicon=(*_WORDS, *GENERIC),
)
