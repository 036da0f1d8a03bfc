"""Names that the text itself announces: a title, "my name is", a field called name. A help to the encoder, not its substitute."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.patterns.title import small_titles
from tidegate.privacy.spans import Label, Span

_WORD = r"[A-ZÀ-ÖØ-ÞĀ-Ž][\w'’-]{0,23}\w"
_NAME = re.compile(
    rf"(?:{_WORD}|[A-Z]\.)(?: (?:(?:van|von|de|der|den|del|la|di|da|ten|ter|zu|bin|al|el) ){{0,2}}(?:{_WORD}|[A-Z]\.)){{0,3}}"
)
_FULL = re.compile(rf"{_WORD}(?: [A-Z]\.)?(?: (?:(?:van|von|de|der|den|del|la|di|da) ){{0,2}}{_WORD}){{1,3}}")
_TITLED = re.compile(
    r"(?:(?:Mrs?|Ms|Miss|Mx|Dr|Prof|Sir|Herr|Frau|Hr|Fr|Monsieur|Madame|Mme|Mlle|Meneer|Mevrouw|Dhr|Mevr|Señora?|Sra?|Signora?)\.? ){1,3}(?=[A-ZÀ-Ž])"
)
_TITLE_SHAPE = r"\b(?:mrs?|ms|miss|mx|dr|prof|sir|herr|frau|hr|fr|monsieur|madame|mme|mlle|meneer|mevrouw|dhr|mevr|señora?|sra?|signora?)\.? "
_ANNOUNCED = (
    "my name is",
    "my name's",
    "i am called",
    "mein name ist",
    "ich heiße",
    "je m'appelle",
    "mijn naam is",
    "ik heet",
    "me llamo",
)
_FIELDS = (
    "customer_name", "full_name", "fullname", "first_name", "firstname", "last_name", "lastname", "surname", "given_name", "family_name",
    "contact_name", "account_holder", "cardholder", "card_holder", "holder", "recipient", "patient_name", "employee_name",
    "customer", "patient", "vorname", "nachname", "kunde", "nom", "prénom", "naam", "voornaam", "achternaam", "full name", "first name",
    "last name", "customer name", "patient name", "cardholder name", "account holder",
)  # fmt: skip
_AFTER_TITLE = frozenset(
    "speaker chairman president minister secretary justice king queen data robot right wrong universe bean".split()
)
_HINTS = (
    "name",
    "naam",
    "nom",
    "holder",
    "customer",
    "patient",
    "recipient",
    "kunde",
    "heiße",
    "appelle",
    "heet",
    "llamo",
    "called",
)


def find(document: Document) -> Iterator[Span]:
    text = document.text
    for title in _TITLED.finditer(text) if document.has_shape(_TITLE_SHAPE) else ():
        name = _NAME.match(text, title.end())
        if (
            name is not None
            and not _inside(text, title.start())
            and name[0].split(" ")[0].lower() not in _AFTER_TITLE
        ):
            yield hit("person", *name.span(), Label.PERSON, 0.75)
    for _, _, start, end in small_titles(document) if document.has_shape(_TITLE_SHAPE) else ():
        if end - start > 2:
            yield hit("person", start, end, Label.PERSON, 0.6)
    if document.has_word(*_HINTS):
        for phrase in _ANNOUNCED:
            yield from _after(document, phrase)
        for name in beside(document, _FIELDS, _FULL, strict=True):
            yield hit("person", *name.span(), Label.PERSON, 0.8)


def _after(document: Document, phrase: str) -> Iterator[Span]:
    at = document.lower.find(phrase)
    while at >= 0:
        name = _NAME.match(document.text, at + len(phrase) + 1)
        if name is not None:
            yield hit("person", *name.span(), Label.PERSON, 0.8)
        at = document.lower.find(phrase, at + len(phrase))


def _inside(text: str, start: int) -> bool:
    """`FIRST Mr` is fine, `HMr Smith` is not."""
    return start > 0 and (text[start - 1].isalnum() or text[start - 1] in "_.")


PERSON = Pattern(
    "person",
    (Label.PERSON,),
    find,
    shape=_TITLE_SHAPE + "|" + "|".join(_HINTS),
    shapes=(_TITLE_SHAPE,),
    lexicon=(*_HINTS, *_ANNOUNCED, *_FIELDS),
)
