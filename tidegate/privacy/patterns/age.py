"""Ages: `34 years old`, `34-year-old`, `aged 34`, `"age": 34`, `I'm 34`, `in her thirties`, and the same in other languages.

Ages right beside a name (`Ana (34)`, `Jon Smith, 51, was`) are seen by tidegate.privacy.compose.age, which knows the names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_AFTER = re.compile(
    r"[ -]?(?:years?|yrs?|months?|weeks?)[ -](?:old|of age|young)\b|[ -]?(?:y/?o|y\.o\.)(?!\w)|[ -]jahre alt\b|[ -]?jährige[rsn]?\b|[ -]jaar oud\b"
    r"|[ -]?-?jarige?\b|[ -]años\b de edad|[ -]anni d'età|[ -]anos de idade|[ -]år gam(?:mal|mel)\b"
)
# Romance and Slavic languages have their years: `j'ai 34 ans`, but not `il y a 34 ans`, which is ago.
_HAD = re.compile(
    r"(?:\bj'ai|\b(?:il|elle|fils|fille|mari|femme) a|\b(?:tengo|tiene|ho|ha|mam|tenho|tem))(?: déjà| ya| già)? $"
)
_YEARS = re.compile(r" (?:ans|años|anni|anos|lat|lata)\b")
_BEFORE = re.compile(
    r"(?:\bage[d]?|\bages|\balter|\bâgée? de|\bleeftijd|\bedad|\betà|_age|patient_age)[\"']?[>*]{0,2}(?: is| was| of|:|=| :| \|)?\*{0,2} ?[\"'`]?$"
)
# `her son is 12.`: of somebody, and nothing is counted behind it
_SOMEBODY = re.compile(
    r"\b(?:s?he|son|daughter|wife|husband|mother|father|mum|mom|dad|brother|sister|child|boy|girl|kid|baby|grand(?:ma|pa|mother|father|son|daughter)|patient"
    r"|twins?|nephew|niece|uncle|aunt|cousin|who|i|boyfriend|girlfriend|partner|fiancée?|roommate)(?: is| am|'m|’m| was|'s|’s| has)?"
    r"(?: just| only| already| now| almost| nearly| currently)?(?: turned| turns| turning| turn)? $"
)
_SAID = re.compile(
    r"[.!?;)]?(?:\s*$|[\n\"])|[.!?;)] |, (?!\d)| (?:and|but|now|today|tomorrow|next|this|when|while)\b(?! (?:a )?half)"
)
# The last words of what the two expressions here match.
_LEADING = frozenset(
    "he she son daughter wife husband mother father mum mom dad brother sister child boy girl kid baby grandma grandpa grandmother grandfather grandson "
    "granddaughter patient twin twins nephew niece uncle aunt cousin who i boyfriend girlfriend partner fiancé fiancée roommate is am was has just only already "
    "now almost nearly currently turned turns turning turn at his her their age of are bin ben".split()
)
# A verb that speaks of an age, whoever it is of.
_TURNED = re.compile(
    r"\b(?:turn(?:s|ed|ing)?|died at|celebrat(?:es|ed|ing) (?:his|her|their)|at the age of|a (?:man|woman|boy|girl|male|female) of|(?:my|the) twins (?:\w+ and \w+ )?are"
    r"|ich bin|ik ben)(?: just| now)? $"
)
COUNTED = re.compile(
    r" ?(?:%|°|€|\$|(?:st|nd|rd|th|km|cm|kg|h|min|minutes?|hours?|days?|weeks?|miles?|points?|percent|euros?|dollars?|times|goals?|o'clock|am|pm|pages?|degrees?)\b"
    r"|[-–/:]\d|[.,]\d)"
)
_TENS = re.compile(
    r"\b(?:his|her|their|my|your|our) (?:(?:early|mid|late)[ -])?(teens|twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties|[2-9]0['’]?s)\b"
)
_TENS_SHAPE = (
    r"\b(?:his|her|their|my|your|our) (?:(?:early|mid|late)[ -])?(?:teens|[a-z]+ties|[2-9]0['’]?s)\b"
)
_AGED = ("age", "alter", "âgé", "leeftijd", "edad", "età")  # one of them stands in whatever _BEFORE matches
_AGEING = (  # and in whatever _TURNED matches
    "turn", "died at", "celebrat", "age of", "a man of", "a woman of", "a boy of", "a girl of", "a male of", "a female of", "twins", "ich bin", "ik ben",
)  # fmt: skip
_OLDEST = 125
_BEHIND = (*" -yjYJ",)


def find(document: Document) -> Iterator[Span]:
    aged, turned = document.has_word(*_AGED), document.has_word(*_AGEING)
    for start, end in document.numbers:
        if end - start > 3 or int(document.text[start:end]) > _OLDEST or not _apart(document, start):
            continue
        after = _AFTER.match(document.lower, end) if document.text[end : end + 1] in _BEHIND else None
        if after is not None:
            yield hit("age", start, after.end(), Label.AGE, 0.85)
        elif not document.free(start, end):
            continue
        elif aged and _BEFORE.search(document.before(start, 20)) and not _measure(document, end):
            yield hit("age", start, end, Label.AGE, 0.8)
        elif _spoken(document, start, end, turned=turned):
            yield hit("age", start, end, Label.AGE, 0.6)
    if document.has_shape(_TENS_SHAPE):
        for tens in _TENS.finditer(document.lower):
            yield hit("age", *tens.span(1), Label.AGE, 0.6)


def _spoken(document: Document, start: int, end: int, *, turned: bool) -> bool:
    """Of somebody: `her son is 12.`; or behind a verb of ageing, with nothing counted behind."""
    if _YEARS.match(document.lower, end):
        return _HAD.search(document.before(start, 44)) is not None
    if not _may_lead(document.lower, start):
        return False
    before = document.before(start, 44)
    if _SAID.match(document.lower, end) and _SOMEBODY.search(before):
        return True
    return (
        turned
        and end - start < 3
        and COUNTED.match(document.lower, end) is None
        and _TURNED.search(before) is not None
    )


def _may_lead(lower: str, start: int) -> bool:
    """Whether the word before a number may end what _SOMEBODY or _TURNED match: most words do not, and this costs little."""
    at = start - 2
    if at < 0 or lower[start - 1] != " ":
        return False
    while at >= 0 and (lower[at].isalpha() or lower[at] in "'’"):
        at -= 1
    word = lower[at + 1 : start - 1]
    return word in _LEADING or word.endswith(("'s", "’s", "'m", "’m"))


def _apart(document: Document, start: int) -> bool:
    return not (start and (document.text[start - 1].isalnum() or document.text[start - 1] in ".,_"))


def _measure(document: Document, end: int) -> bool:
    """`age 12.5` or `max-age=300` are not ages of people."""
    return document.text[end : end + 1] in (".", ",") and document.text[end + 1 : end + 2].isdigit()


_HINTS = (
    "year", "yr", "yo", "y/o", "y.o", "jahr", "jähr", "jaar", "jarig", "age", "âgé", "alter", "leeftijd", "edad", "età", "month", "week", "anni",
    "años", "anos", "ans", " lat", "år gam", " is ", " was ", "turn", "'s ", "’s ", "'m ", "’m ", " am ", "died at", "celebrat", "a man of",
    "a woman of", "a boy of", "a girl of", "twins", "ich bin", "ik ben", "teens", "ties", "0s", "0's", "0’s",
)  # fmt: skip
AGE = Pattern("age", (Label.AGE,), find, words=_HINTS, lexicon=(*_AGED, *_AGEING), shapes=(_TENS_SHAPE,))
