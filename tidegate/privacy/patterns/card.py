"""Payment cards: 12 to 19 digits, a known issuer range for that length, and Luhn (ISO/IEC 7812-1)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, digits_of, hit, luhn
from tidegate.privacy.patterns.national_id import proved
from tidegate.privacy.spans import Label, Span

# As printed on cards, longest reading first: `4111 1111 1111 1111 12/26` is 16 digits and a date. At most 23 characters a match.
_SEPARATOR = r"[ ._/-]{1,2}"
_SHAPES: dict[int, tuple[re.Pattern[str], ...]] = {
    first: tuple(re.compile(shape + r"(?!\d)") for shape in shapes)
    for first, shapes in {
        4: (
            rf"\d{{4}}{_SEPARATOR}\d{{6}}{_SEPARATOR}\d{{4,5}}",
            rf"(?:\d{{4}}{_SEPARATOR}){{4}}\d{{1,3}}",
            rf"(?:\d{{4}}{_SEPARATOR}){{3}}\d{{1,4}}",
            rf"(?:\d{{4}}{_SEPARATOR}){{2}}\d{{4}}",
        ),
        6: (r"\d{6}[ -]\d{13}",),
        12: (r"\d{12,19}",),
        1: (r"\d(?:[ .-]\d){14,15}",),  # spelled digit by digit, or in pairs
        2: (r"\d\d(?:[ .-]\d\d){7}",),
    }.items()
}
_MARKS = (" ", ".", "-", "_", "/")
# What people put behind a number: `|04/26|123`, `, 04/2026, 123`: until when it is valid, and its security code.
_BEHIND = re.compile(
    r"(?: ?[|;,] ?| )(?P<until>(?:0[1-9]|1[0-2]) ?[/|] ?(?:20)?[2-4]\d)(?:(?: ?[|;,] ?| )(?P<code>\d{3,4}))?(?![\w/-])"
)
_SHORTEST_GROUP = 4
_FIRST_GROUPS = (1, 2, 4, 6)
_LONGEST_FIRST = 12  # and whatever is longer

_MAESTRO = (
    "5018",
    "5020",
    "5038",
    "5893",
    "6304",
    "6390",
    "6759",
    "6761",
    "6762",
    "6763",
    "0604",
    "56",
    "57",
    "58",
)
_CARD_WORDS = (
    "card",
    "karte",
    "carte",
    "carta",
    "kaart",
    "tarjeta",
    "visa",
    "amex",
    "maestro",
    "cartão",
    "kort",
)
_OTHER_NUMBERS = (
    "ean",
    "isbn",
    "gtin",
    "barcode",
    "imei",
    "tracking",
    "sendungsnummer",
    "serial",
    "timestamp",
    "part n",
)


def issuer(digits: str) -> str | None:
    """The network whose range and length fit, or None. Ranges as published by the networks, 2026."""
    size, two, four, six = len(digits), int(digits[:2]), int(digits[:4]), int(digits[:6])
    if digits[0] == "4" and size in (13, 16, 18, 19):
        return "visa"
    if size == 16 and (51 <= two <= 55 or 2221 <= four <= 2720):
        return "mastercard"
    if size == 15 and two in (34, 37):
        return "amex"
    if (
        size in (14, 16, 19) and (300 <= four // 10 <= 305 or four == 3095 or two in (36, 38, 39))
    ) and size != 15:
        return "diners"
    if 16 <= size <= 19 and (
        four == 6011 or two == 65 or 644 <= six // 1000 <= 649 or 622126 <= six <= 622925
    ):
        return "discover"
    if (
        (16 <= size <= 19 and 3528 <= four <= 3589)
        or (size == 16 and two == 35)
        or (size == 15 and four in (2131, 1800))
    ):
        return "jcb"
    if 16 <= size <= 19 and two in (62, 81):
        return "unionpay"
    if 16 <= size <= 19 and 2200 <= four <= 2204:
        return "mir"
    if 12 <= size <= 19 and (digits.startswith(_MAESTRO) or (size >= 16 and two == 50)):
        return "maestro"
    if size == 16 and two in (60, 82) and six // 100 in (6069, 6070, 6079, 6080, 6081, 6082):
        return "rupay"
    return None


def find(document: Document) -> Iterator[Span]:
    """Cards, read from each number on, so that a year before one does no harm ("2024 4111 1111 1111 1111")."""
    taken = 0
    for start, number_end in document.numbers:
        if start < taken or not _may_begin(document.text, start, number_end):
            continue
        end = _card_end(document, start, min(number_end - start, _LONGEST_FIRST))
        if end:
            taken = end
            yield hit("card", start, end, Label.CREDIT_CARD, 0.99, valid=True)
            behind = _BEHIND.match(document.text, end)
            if behind is not None:
                yield hit("card", *behind.span("until"), Label.DATE_TIME, 0.8)
                if behind["code"] is not None:
                    yield hit("card", *behind.span("code"), Label.PASSWORD, 0.8)


def _may_begin(text: str, start: int, end: int) -> bool:
    """By its first group and digit: most numbers are of no such length."""
    size = end - start
    if text[start] in "79" or not (size in _FIRST_GROUPS or 12 <= size <= 19):
        return False
    if size > 6:
        return True
    if text[end : end + 1] not in _MARKS:
        return False
    return (
        text[end + 2 : end + 6].isdigit() or text[end + 1 : end + 5].isdigit()
        if size >= _SHORTEST_GROUP
        else _spelled(text, end)
    )


def _spelled(text: str, end: int) -> bool:
    """Whether digits go on one by one, or two by two, after a first group of one or two."""
    return text[end + 2 : end + 3] in _MARKS or text[end + 3 : end + 4] in _MARKS


def _card_end(document: Document, start: int, first: int) -> int:
    """Where a card that begins at `start` with a group of `first` digits ends; 0 for none."""
    for shape in _SHAPES[first]:
        match = shape.match(document.text, start)
        if match is None:
            continue
        digits = digits_of(match[0])
        alone = len(set(digits)) > 1 and _stands_alone(document, start, match.end())
        if alone and luhn(digits) and _issued(document, start, digits):
            return 0 if _of_a_person(document, start, match.end()) else match.end()
    return 0


def _stands_alone(document: Document, start: int, end: int) -> bool:
    """Not the tail of a longer token, a decimal or a longer digit group."""
    text = document.text
    if start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        return False
    if start > 1 and text[start - 1] in ".," and text[start - 2].isdigit():
        return False
    return end >= len(text) or not (text[end].isalnum() or text[end] == "_")


def _of_a_person(document: Document, start: int, end: int) -> bool:
    """Whether the text calls it a personal number whose own checksum holds: one number in ten passes Luhn by chance."""
    if any(word in document.lead(start, 30) for word in _CARD_WORDS):
        return False
    number = proved(document, start)
    return number is not None and number.end >= end


def _issued(document: Document, start: int, digits: str) -> bool:
    network = issuer(digits)
    if network is None:
        return False
    rare = len(digits) < 16 and network not in ("amex", "diners")
    return not (rare and any(word in document.before(start, 30) for word in _OTHER_NUMBERS))


# Four digits and four to six more, or 13, or one by one, or in pairs: what any of the shapes above holds.
_SHAPE = rf"\d{{12}}|\d{{4}}{_SEPARATOR}\d{{4,6}}{_SEPARATOR}\d|\d{{6}}[ -]\d{{13}}|\d(?:[ .-]\d){{14}}|\d\d(?:[ .-]\d\d){{7}}"
CARD = Pattern("card", (Label.CREDIT_CARD, Label.DATE_TIME, Label.PASSWORD), find, digits=True, shape=_SHAPE)
