"""Postal codes whose shape or neighbours are telling: United Kingdom, Canada, Netherlands, US ZIP after a state, and named ones."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_UK_AREAS = frozenset(
    "AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G GL GU GY HA HD "
    "HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH "
    "RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE".split()
)
STATES = frozenset(
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN "
    "TX UT VT VA WA WV WI WY PR GU AP AE AA".split()
)
_UK = re.compile(r"([A-Z]{1,2})\d[A-Z0-9]? \d[ABD-HJLNP-UW-Z]{2}(?![A-Za-z0-9_])")
_CANADA = re.compile(r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z][ -]\d[ABCEGHJ-NPRSTV-Z]\d(?![A-Za-z0-9_])")
_DUTCH = re.compile(r"[1-9]\d{3} ?(?!SA|SD|SS)[A-Z]{2}(?=,? [A-Z][a-z'-]{2})")
# The British, the Canadian and the Dutch one, in lower case: most texts hold none.
_LETTERED = (
    r"[a-z]\d[a-z0-9]? \d[a-z]{2}|[a-z]\d[a-z][ -]\d[a-z]\d|(?:^|[^a-z0-9_])[1-9]\d{3} ?[a-z]{2},? [a-z]"
)
_ZIP = re.compile(r"\d{5}(?:-\d{4})?(?![\w-])")
_STATE = re.compile(r"(?:^|[ ,])([A-Z]{2}),? $")
_CITY = re.compile(r"\d{5} [A-ZÄÖÜÉ][a-zäöüßéèçôâ]{2}")
_NAMES = ("postcode", "post code", "postal code", "postal_code", "postalcode", "zip code", "zip_code", "zipcode", "zip", "plz", "postleitzahl", "code postal", "código postal", "cep", "psč", "postnummer", "postnr", "kod pocztowy", "irányítószám", "eircode", "〒", "cp")  # fmt: skip
_VALUE = re.compile(
    r"\d{3} \d\d(?![\w-])|\d{5}-\d{3}(?!\w)|\d{3}-\d{4}(?!\w)|[A-Z]\d[\dW] ?[A-Z0-9]{4}(?!\w)|\d{4} ?[A-Z]{2}(?!\w)|\d{4,6}(?:-\d{3,4})?(?![\w-])|\d{2}-\d{3}(?![\w-])|(?i:[A-Z]{1,2}\d[A-Z0-9]? ?\d[A-Z]{2}(?!\w)|[A-Z]\d[A-Z] ?\d[A-Z]\d(?!\w))"
)


def find(document: Document) -> Iterator[Span]:
    lettered = document.has_shape(_LETTERED)
    for start, end in document.numbers:
        size = end - start
        found = _digits_only(document, start, end) if size == 5 else None
        if found is None and lettered and size <= 4:
            found = _with_letters(document, start)
        if found is not None:
            yield found
    for match in beside(document, _NAMES, _VALUE):
        yield hit("postal", *match.span(), Label.POSTAL_CODE, 0.85)


def _with_letters(document: Document, number: int) -> Span | None:
    text = document.text
    lettered = number > 0 and text[number - 1].isalpha()
    for back in (2, 1) if lettered else ():
        match = _UK.match(text, number - back) if number >= back else None
        if match is not None and match[1] in _UK_AREAS and document.free(*match.span()):
            return hit("postal", *match.span(), Label.POSTAL_CODE, 0.85)
    match = _CANADA.match(text, number - 1) if lettered else None
    if match is not None and document.free(*match.span()):
        return hit("postal", *match.span(), Label.POSTAL_CODE, 0.8)
    match = _DUTCH.match(text, number)
    if match is not None and document.free(*match.span()):
        return hit("postal", *match.span(), Label.POSTAL_CODE, 0.8)
    return None


def _digits_only(document: Document, start: int, end: int) -> Span | None:
    """A ZIP code after a state (`Portland, OR 97201`), five digits before a town after a comma (`, 10115 Berlin`)."""
    text = document.text
    match = _ZIP.match(text, start)
    state = _STATE.search(text[max(0, start - 5) : start])
    if match is not None and state is not None and state[1] in STATES:
        return hit("postal", start, match.end(), Label.POSTAL_CODE, 0.85)
    if _CITY.match(text, start) and text[max(0, start - 2) : start] in (", ", "D-", "F-", " D", "\n"):
        return hit("postal", start, end, Label.POSTAL_CODE, 0.7)
    return None


POSTAL = Pattern("postal", (Label.POSTAL_CODE,), find, digits=True, lexicon=_NAMES, shapes=(_LETTERED,))
