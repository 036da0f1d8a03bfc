"""IBAN: country, length of that country, mod-97 (ISO 13616, ISO/IEC 7064). Printed in any grouping, any case."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

# Lengths from the SWIFT IBAN registry, and the partial IBANs in use.
_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU XK MN",
        21: "HR LI LV CH", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG DZ",
        25: "AO CV LY MZ PT ST", 26: "IS TR IR", 27: "BF BJ CI CM DJ FR GA GR IT KM MC MG ML MR NE SM SN TG BI CF CG TD GQ",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
_START = re.compile(r"[A-Za-z]{2}[ .-]?\d{2}[ .\n-]?[A-Za-z0-9]{2}")


def mod97(compact: str) -> bool:
    """The four first characters moved to the end, letters as 10..35, the number is 1 mod 97."""
    moved = compact[4:] + compact[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def find(document: Document) -> Iterator[Span]:
    """IBANs; one whose check fails only where the text calls it an IBAN (a mistyped account is private too)."""
    text = document.text
    taken = 0
    for number, _ in document.numbers:
        if not number or not (text[number - 1].isalpha() or text[number - 1] in " .-"):
            continue
        start = number - 2 if text[number - 1].isalpha() else number - 3
        if (
            start < taken
            or not text[start].isalpha()
            or not text[start + 1].isalpha()
            or _START.match(text, start) is None
            or (start and text[start - 1].isalnum())
        ):
            continue
        length = _LENGTHS.get(text[start : start + 2].upper(), 0)
        compact, end = _take(text, start, length)
        if length and len(compact) < length and end < len(text) and text[end] == "\n":
            compact, end = _take(
                text, start, length, " .-\n"
            )  # wrapped by a mail: then its check must be right
            if len(compact) < length or not mod97(compact):
                continue
        if not length or len(compact) < length or (end < len(text) and text[end].isalnum()):
            continue
        valid = mod97(compact)
        if valid or "iban" in document.before(start, 24):
            taken = end
            yield hit("iban", start, end, Label.IBAN_CODE, 0.99 if valid else 0.7, valid=valid)


def _take(text: str, start: int, length: int, separators: str = " .-") -> tuple[str, int]:
    """`length` letters and digits from `start`, single separators between them allowed; upper case, and where they end."""
    taken: list[str] = []
    position = start
    while position < len(text) and len(taken) < length:
        character = text[position]
        if character.isascii() and character.isalnum():
            taken.append(character)
        elif character not in separators or not text[position - 1].isalnum():
            break
        position += 1
    return "".join(taken).upper(), position


_SHAPE = rf"(?:^|[^a-z0-9])(?:{'|'.join(sorted(_LENGTHS)).lower()})[ .-]?\d\d(?:[ .\n-]?[a-z0-9]){{11}}"
IBAN = Pattern("iban", (Label.IBAN_CODE,), find, digits=True, shape=_SHAPE)
