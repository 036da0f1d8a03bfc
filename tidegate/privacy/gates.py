"""What the encoder takes for private and is not: rules that no threshold replaces, and a threshold for each situation. Pure.

The same word with the same score is a name in a chat without capitals and a verb in a French sentence. So a find needs the
least score of its situation (`Situation`), fitted on development text by `python -m scripts.fit_sentry_thresholds` and kept beside the
weights. Before that, rules: the word that announces a number is no name, letters before the number of a standard are a citation,
`gate 27` is no address, a small-letter word whose capitalised twin stands beside it is the common word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from tidegate.privacy.field_words import (
    ARTICLES,
    DOINGS,
    FIELD_ENDINGS,
    FIELD_WORDS,
    JOINERS,
    MEASURES,
    QUESTIONS,
    STANDARDS,
    STREET_WORDS,
    THINGS,
)
from tidegate.privacy.languages import language
from tidegate.privacy.patterns.nrp import PEOPLES_AND_FAITHS
from tidegate.privacy.spans import Label, Span

Least = Mapping[
    str, Mapping[str, float]
]  # least score by label and situation; a pair that is absent asks for nothing
NO_LEAST: Final[Least] = MappingProxyType({})

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’\-‐.][^\W\d_]+)*\.?")
_TOKEN: Final = re.compile(r"[^\s,;:()\[\]{}\"]+")
_SENTENCE: Final = re.compile(r"(?:^|[.!?…]\s+)[\"'“„«¿¡(*#>\s-]{0,6}([^\W\d_]+)")
_NUMBER_AFTER: Final = re.compile(r"(?! (?:19|20)\d\d(?!\d))(?:[ ]?[-/.:#]?[ ]?|[- ][A-Z]{1,3}[- ]?)\d")
# A line of a program, a query or a shell, by what prose does not have.
_CODE: Final = re.compile(
    r"[;{}]\s*$|[a-z_]\([^()]{0,80}\)|[=!<>]=|=>|->|:=|&&|\|\||[a-z]\.[a-z_]+\(|\s--[a-z][a-z-]+\b|^\s*(?:import [\w.]+(?: as \w+)?\s*$|from [\w.]+ import "
    r"|(?:def|fn|func|function|class|struct|enum) \w+ ?[(<:{]|(?:const|let|var|export) \w+ ?=|SELECT |INSERT INTO|ALTER TABLE|CREATE TABLE|UPDATE \w+ SET"
    r"|(?:git|docker|kubectl|helm|npm|pip3?|cargo|curl|sudo|systemctl|journalctl|ssh|chmod|grep) |#include)",
    re.MULTILINE,
)
_SAID_IN_CODE: Final = re.compile(r"(?:^|\s)(?:#|//|/\*|--) |<!--|<\w[^<>]{0,200}>")
_QUOTES: Final = "\"'`"
_LONGEST_CODE: Final = 6  # letters of a series, a module, a standard
_LINE: Final = 2_000  # characters of a line that are looked at on each side


class Situation(StrEnum):
    """How a find is written, and where. Names of the fitted table."""

    KEYED = "keyed"  # the value of a field that says so
    CODE = "code"
    SMALL_IN_PROSE = "small letters in a line with capitals"
    SMALL_IN_CHAT = "small letters in a line without"
    SMALL_ELSEWHERE = "small letters, another language"
    CAPITALS = "all capitals"
    OPENING = "one word at the start of a sentence"
    NOUN = "one German capital"  # where every noun has one
    PROPER = "a capital"
    PROPER_ELSEWHERE = "a capital, another language"


@dataclass(frozen=True, slots=True)
class Line:
    """The line around a find, cut to a bounded stretch; `offset` is where it begins in the text."""

    text: str
    offset: int
    cased: bool
    code: bool
    language: str

    def holds(self, span: Span) -> bool:
        """Whether this is the line around `span` too: all of a line of ordinary length is looked at."""
        return (
            len(self.text) <= _LINE and self.offset <= span.start and span.end <= self.offset + len(self.text)
        )


def line_around(text: str, span: Span) -> Line:
    """The line that `span` begins in."""
    start = max(text.rfind("\n", 0, span.start) + 1, span.start - _LINE)
    end = text.find("\n", span.start)
    end = min(len(text) if end < 0 else end, max(span.end, span.start + _LINE))
    line = text[start:end]
    return Line(line, start, _cased(line), _CODE.search(line) is not None, language(line))


def _cased(line: str) -> bool:
    """Whether whoever wrote the line begins sentences with a capital: then a name would have one too."""
    openings = [match[1] for match in _SENTENCE.finditer(line) if match[1] != "I"]
    return bool(openings) and all(word[0].isupper() and not word[1:].isupper() for word in openings)


def situation(span: Span, line: Line, *, keyed: bool) -> Situation:
    """Which row of the table a find belongs to."""
    start, end = span.start - line.offset, span.end - line.offset
    value = line.text[start:end]
    if keyed:
        return Situation.KEYED
    if line.code and not _quoted(line.text, start, end):
        return Situation.CODE
    elsewhere = line.language not in {"", "en", "de"}
    if not any(map(str.isupper, value)):
        if line.cased:
            return Situation.SMALL_IN_PROSE
        return Situation.SMALL_ELSEWHERE if elsewhere else Situation.SMALL_IN_CHAT
    if value.isupper() and sum(map(str.isalpha, value)) > 1:
        return Situation.CAPITALS
    single = len(_WORD.findall(value)) == 1
    if single and any(match.start(1) == start for match in _SENTENCE.finditer(line.text)):
        return Situation.OPENING
    if single and line.language == "de":
        return Situation.NOUN
    return Situation.PROPER_ELSEWHERE if elsewhere else Situation.PROPER


def _quoted(line: str, start: int, end: int) -> bool:
    """Inside quotes, behind a comment sign or between tags: text of people in the middle of code. So is a name inside an identifier."""
    before, after = line[:start], line[end:]
    if _SAID_IN_CODE.search(before) or before.endswith("_") or after.startswith("_"):
        return True
    if any(map(str.isupper, line[start + 1 : end])) and not line[start:end].isupper():
        return True
    return any(before.count(quote) % 2 == 1 and quote in after for quote in _QUOTES)


def kept(
    text: str, spans: Iterable[Span], keyed: tuple[tuple[int, int], ...], least: Least
) -> Iterator[Span]:
    """The finds that pass, some of them shorter."""
    line: Line | None = None
    for found in _whole_streets(text, spans):
        if line is None or not line.holds(found):
            line = line_around(text, found)
        named = any(start <= found.start < end for start, end in keyed)
        span = _bare(text, found, line)
        if span is None or _no_name(text, span, line, named=named):
            continue
        row = least.get(span.label.value, {})
        if span.score >= row.get(situation(span, line, keyed=named), 0.0):
            yield span


def _whole_streets(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """A kind of street alone, and a name right behind it, are one street: `via`, `Garibaldi`."""
    kind: Span | None = None
    for span in spans:
        if kind is not None:
            one = text[kind.end : span.start] == " " and span.label in {
                Label.LOCATION,
                Label.PERSON,
                Label.ORGANIZATION,
            }
            span = replace(kind, end=span.end) if one else span  # noqa: PLW2901  the two are one
            if not one:
                yield kind
            kind = None
        if span.label is Label.STREET_ADDRESS and text[span.start : span.end].lower() in STREET_WORDS:
            kind = span
        else:
            yield span
    if kind is not None:
        yield kind


def _bare(text: str, span: Span, line: Line) -> Span | None:
    """Without joining words at the ends, and without a series letters (`Ersatzteil HLN-7833`) behind the rest; None when nothing is left."""
    if span.label is Label.POSTAL_CODE:
        return span
    if span.label is Label.STREET_ADDRESS:
        lead = _LED_TO.match(text, span.start, span.end)
        return span if lead is None else replace(span, start=lead.end())
    tokens = [
        (span.start + m.start(), span.start + m.end()) for m in _TOKEN.finditer(text[span.start : span.end])
    ]
    if span.label is Label.ORGANIZATION and _of_a_people(text, tokens):
        return None
    while len(tokens) > 1 and (_joins(text, *tokens[-1]) or _goes_on(text, tokens)):
        tokens.pop()
    if span.label in _PROPER and text[tokens[0][0]].isupper() and line.language == "en":
        while len(tokens) > 1 and _COMMON_TAIL.fullmatch(text, *tokens[-1]) is not None:
            tokens.pop()
    while len(tokens) > 1 and (_opens(text, tokens) or _asks(text, tokens) or _names_a_code(text, tokens)):
        tokens.pop(0)
    if len(tokens) > 1 and _series(text, *tokens[-1]):
        tokens.pop()
    if not tokens or all(_joins(text, *token) for token in tokens):
        return None
    if tokens[0][0] == span.start and text[tokens[-1][0] : span.end].startswith(text[slice(*tokens[-1])]):
        end = span.end if tokens[-1][1] + 1 >= span.end else tokens[-1][1]
        return replace(span, end=end)
    return replace(span, start=tokens[0][0], end=tokens[-1][1])


def _of_a_people(text: str, tokens: list[tuple[int, int]]) -> bool:
    """`a Japanese multinational`, `the American government`, `The 70s`: a people with common words behind it, or a decade, is no firm's name."""
    words = [text[start:end] for start, end in tokens]
    if words and words[0] in _OPENING_ARTICLES:
        words = words[1:]
    if not words:
        return False
    if _DECADE.fullmatch(words[-1]) is not None and len(words) == 1:
        return True
    people = words[0].istitle() and words[0].lower() in PEOPLES_AND_FAITHS
    return people and all(map(str.islower, words[1:]))


_PROPER: Final = frozenset({Label.ORGANIZATION, Label.LOCATION})
_COMMON_TAIL: Final = re.compile(r"[a-z]{4,16}")  # `Kiel branch`, `Acme Inc. employees`
_DECADE: Final = re.compile(r"['’]?(?:1\d|20)?\d0['’]?s")


def _joins(text: str, start: int, end: int) -> bool:
    word = text[start:end]
    return word.islower() and word in JOINERS


def _opens(text: str, tokens: list[tuple[int, int]]) -> bool:
    """Whether the first of several words only leads to the others: `Nach IEC`, `de loonstrook`, not `de Vries`."""
    (start, end), (following, _) = tokens[0], tokens[1]
    word = text[start:end]
    if word in ARTICLES or word in _PARTICLES:
        return text[following].islower()
    return word.lower() in _LEADERS


def _goes_on(text: str, tokens: list[tuple[int, int]]) -> bool:
    """Whether the last word is what somebody does, taken for a part of the name: `Johan studies`, `Colin call`."""
    word = text[slice(*tokens[-1])]
    return word in _TAILS and text[tokens[-2][0]].isupper()


def _asks(text: str, tokens: list[tuple[int, int]]) -> bool:
    """Whether the first word only opens a question or a request (`Does Seifert`), or is a thing in front of a name (`office Seattle`)."""
    (start, end), (following, _) = tokens[0], tokens[1]
    word = text[start:end]
    if word in _ACCOUNTS:
        return True
    if not text[following].isupper():
        return (
            (word.islower() or word.lower() in THINGS)
            and text[slice(*tokens[1])] in _TOWARDS
            and len(tokens) > 2
            and text[tokens[2][0]].isupper()
        )
    return (word.istitle() and word.lower() in QUESTIONS) or (
        word.isalpha() and word.islower() and word in THINGS
    )


# `flat at Bergmannstraße 71`: what stands there belongs to no address
_LED_TO: Final = re.compile(
    r"(?:flat|house|home|apartment|room|office|place|live|lives|address) (?:is )?(?:at|in|on|near) (?=[A-ZÀ-Ž0-9])"
)


_ACCOUNTS: Final = frozenset("user username login handle account nickname".split())
_TOWARDS: Final = frozenset("of to from in at for".split())


def _names_a_code(text: str, tokens: list[tuple[int, int]]) -> bool:
    """Whether the first word is the name of a field and the second its value: `BIC DEUTDEFF`."""
    (start, end), (following, last) = tokens[0], tokens[1]
    return _is_field(text[start:end]) and _CODE_WORD.fullmatch(text, following, last) is not None


_CODE_WORD: Final = re.compile(r"[A-Z0-9][A-Z0-9./-]*[A-Z0-9]")


def _no_name(text: str, span: Span, line: Line, *, named: bool) -> bool:
    """Whether a rule says that this is nobody's, whatever the score."""
    value = text[span.start : span.end]
    match span.label:
        case Label.STREET_ADDRESS:
            return (
                _field(value) or (not named and _no_street(value, span.score)) or _is_field(value.split()[0])
            )
        case Label.POSTAL_CODE:
            return line.code
        case _:
            return (
                _field(value)
                or _series(text, span.start, span.end)
                or (
                    not value.isupper()
                    and value.lower() in _BEFORE_CODES
                    and _CODE_AFTER.match(text, span.end) is not None
                )
                or (not named and value.islower() and _common(text, span, line))
            )


def _field(value: str) -> bool:
    """Whether all its words name fields; a short one with a capital alone (`Nino`, `Iva`) may be somebody."""
    words = re.findall(r"[^\W\d_]+", value)
    known = [_is_field(word) for word in words]
    whole = value.lower().endswith(FIELD_ENDINGS)
    joined = all(known[at] or word.lower() in _SMALL_WORDS for at, word in enumerate(words))
    return whole or (any(known) and joined)


def _is_field(word: str) -> bool:
    lower = word.lower()
    if lower.endswith(FIELD_ENDINGS):
        return True
    return lower in FIELD_WORDS and (len(word) > 4 or not word.istitle() or lower in _SHORT_FIELDS)


_SHORT_FIELDS: Final = frozenset("tel fax name date iban nom naam".split())


def _series(text: str, start: int, end: int) -> bool:
    """Capital letters before a number: a standard, a series, a module (`ASTM 32198`, `HLN-7833/61`, `IP 54`)."""
    word = text[start:end]
    if not word.isupper() or not word.isalpha() or len(word) > _LONGEST_CODE:
        return False
    if word.lower() in STANDARDS or _NUMBER_AFTER.match(text, end) is None:
        return word.lower() in STANDARDS
    return True


def _no_street(value: str, score: float) -> bool:
    """A word and a number are no address when the word is a measure, or when nothing in it is a name or a kind of street."""
    words = re.findall(r"[^\W\d_]+\.?", value.lower())
    if any(word in MEASURES for word in words) and not any(word in STREET_WORDS for word in words):
        return True
    if any(word.endswith(STREET_WORDS) and len(word) > 1 for word in words):
        return False
    return score < _STREET and not any(
        word[0].isupper() and len(word) > 2 for word in re.findall(r"[^\W\d_]+", value)
    )


_PARTICLES: Final = frozenset(
    "del dal dalla al der des du zu zum zur y e o i of".split()
)  # of names, before a capital
# Sets of sets, made once: every find asks several of them.
_OPENING_ARTICLES: Final = ARTICLES | {"The", "A", "An"}
_LEADERS: Final = JOINERS - ARTICLES - _PARTICLES
_TAILS: Final = DOINGS | THINGS
_BEFORE_CODES: Final = FIELD_WORDS | MEASURES
_SMALL_WORDS: Final = JOINERS | ARTICLES
_CODE_AFTER: Final = re.compile(r"[ :#.-]{1,3}(?:[A-Z]{1,4}[-./]?)?\d[\w./-]*")
_BEFORE: Final = re.compile(r"[^\W\d_]+['’]?(?=\s)")
_COUNTED: Final = frozenset("second third fourth fifth last next other same each every another".split())
_TRADE: Final = 0.6  # below it a word behind an article is a thing or a trade: `the plumber`
_STREET: Final = 0.9  # below it a street needs a capital, or a word for streets


def _common(text: str, span: Span, line: Line) -> bool:
    """Small letters behind an article (`the night porter`), or beside the same word with a capital (`Frank was frank`)."""
    value = text[span.start : span.end]
    before = _BEFORE.findall(text, max(line.offset, span.start - 40), span.start)
    article = before[-1:] if span.score < _TRADE else ()
    if span.label is Label.PERSON and before[-1:] and before[-1] in _COUNTED:
        return True
    first = value.split()[0].rstrip("'’")
    if span.label is Label.PERSON and (
        not ARTICLES.isdisjoint(article) or (first in ARTICLES and " " in value)
    ):
        return True
    return value.isalpha() and re.search(rf"\b{value.capitalize()}\b", line.text) is not None
