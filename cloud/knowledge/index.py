"""Words and codes of a text, and which passages speak about a question. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cloud.ports import Passage
from tidegate.privacy.placeholders import find_placeholders

_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_CODE = re.compile(r"(?=[A-Za-z-]*\d)(?=[\d-]*[A-Za-z])[A-Za-z]{1,4}-?\d{1,5}[A-Za-z]?")
_ERROR = re.compile(r"[A-Z]\d{2,4}")
STOP_WORDS = frozenset(
    """
    a about all also an and any are as at be because been but by can could customer customers did do does error errors
    for from get had has have he her hers him his how i if in into is it its may me mean means my of off on or our please
    report reported reports say says she should so some tell than that the their them then there these they this to
    unit us was we were what when where which who why will with would you your
    answer reply respond first code device problem
    """.split()
)
LEAST_SHARE = 0.5  # of a question's content words, when it names no code


@dataclass(frozen=True, slots=True)
class Terms:
    """What a question asks about: content words and codes, lower case; `errors` are codes shaped like E42."""

    words: frozenset[str]
    codes: frozenset[str]
    errors: frozenset[str]

    @property
    def empty(self) -> bool:
        return not (self.words or self.codes)


def terms_of(text: str) -> Terms:
    """Content words and codes of `text`; placeholders say nothing about the subject and are left out."""
    bare = without_placeholders(text)
    codes = frozenset(match[0].casefold() for match in _CODE.finditer(bare))
    errors = frozenset(match[0].casefold() for match in _ERROR.finditer(bare))
    words = frozenset(word.casefold() for word in _WORD.findall(bare)) - STOP_WORDS - codes
    return Terms(frozenset(word for word in words if len(word) > 1), codes, errors & codes)


def without_placeholders(text: str) -> str:
    kept: list[str] = []
    at = 0
    for found in find_placeholders(text):
        kept.append(text[at : found.start])
        at = found.end
    return " ".join((*kept, text[at:]))


def relevant(passage: Passage, question: Terms) -> bool:
    """Whether `passage` speaks about `question`.

    A question that names an error code is answered by a passage that names it too, never by the remedy of another code:
    a neighbour's remedy is worse than none. Beside that, a heading without a code may match by a word ("refund").
    Otherwise enough of its content words must occur.
    """
    heading, about = terms_of(passage.section), terms_of(f"{passage.section} {passage.text}")
    if question.errors:
        named = bool(question.errors & about.codes)
        return named or (not heading.errors and any(_occurs(word, heading.words) for word in question.words))
    asked = question.words | question.codes
    shared = {word for word in asked if _occurs(word, about.words | about.codes)}
    return len(shared) >= min(2, len(asked)) and len(shared) >= LEAST_SHARE * len(asked)


def names_error(passage: Passage, question: Terms) -> bool:
    """Whether the passage's heading names an error code of the question: then all of it is about the question."""
    return bool(question.errors & terms_of(passage.section).errors)


def _occurs(word: str, words: frozenset[str]) -> bool:
    """The word itself, or its plain plural or singular."""
    return word in words or word + "s" in words or (word.endswith("s") and word[:-1] in words)
