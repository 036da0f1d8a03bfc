"""What a prompt looks like, as named numbers: length, numbers, clauses, options, question words. Pure; no text kept.

The first of them, UNIVERSAL, are the ones whose sign holds wherever models answer: a longer text with more numbers, more
steps and more conditions is not easier. They alone speak where a prompt resembles nothing that was learned from.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

HEAD, TAIL = 6000, 2000  # characters of a long prompt that are looked at; its length is that of the whole

UNIVERSAL: tuple[str, ...] = (
    "chars", "words", "numbers", "distinct_numbers", "sentences", "commas", "conditions", "quantities",
)  # fmt: skip
# What each of them adds to the effort expected of a text, all being logarithms of counts: as much for its length as for how
# many numbers it holds, the rest less. Fixed: see decision 0034 for what they were held against.
EFFORT: tuple[float, ...] = (0.5, 0.5, 0.3, 0.4, 0.2, 0.3, 0.3, 0.3)
_CAPITALS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SENTENCE = re.compile(r"[.!?](?=\s|$)")
_OPTION = re.compile(r"^\(?[A-Ja-j][.):] ?(.*)$", re.MULTILINE)
_NUMERIC = re.compile(r"^[-+$£€]?[\d.,/%^*() ]+$")
_CONDITIONS = frozenset(
    "if unless when while then until after before every each except only both either neither than more less".split()
)
_QUANTITIES = frozenset(
    "half third quarter twice double triple percent per total times dozen remaining left rest average difference sum ratio "
    "product two three four five six seven eight nine ten twelve twenty fifty hundred thousand".split()
)
_MATHS = frozenset(
    "find compute calculate solve evaluate determine prove probability equation function polynomial matrix value many much".split()
)
_NEGATIONS = frozenset("not never no none cannot except least false incorrect".split())
_BEST = frozenset("best most likely primarily main major correct true".split())
_SELF = frozenset("i my me we our".split())
_PEOPLE = frozenset("he she his her man woman patient defendant plaintiff".split())
_OPENERS: dict[str, frozenset[str]] = {
    "asks_what": frozenset({"what"}),
    "asks_which": frozenset({"which"}),
    "asks_who": frozenset({"who", "whose", "whom", "when", "where"}),
    "asks_why": frozenset({"why", "how"}),
    "asks_is": frozenset({"is", "are", "does", "do", "can", "could", "will", "was", "were", "did"}),
}
SHAPES: tuple[str, ...] = (
    *UNIVERSAL,
    "long_words", "mean_word", "distinct_words", "digits", "signs", "capitals", "foreign", "lines", "questions", "quotes", "brackets",
    "formula", "blanks", "statements", "negations", "best", "maths", "self", "people", *_OPENERS,
    "options", "option_length", "option_spread", "option_numbers", "option_overlap", "option_words_asked", "stem_words",
)  # fmt: skip


def shape(prompt: str) -> tuple[float, ...]:
    """The numbers named by SHAPES, in that order. Any text, also an empty one; every number is finite."""
    text = prompt if len(prompt) <= HEAD + TAIL else prompt[:HEAD] + "\n" + prompt[-TAIL:]
    words, numbers = _WORD.findall(text.casefold()), _NUMBER.findall(text)
    return (
        *_universal(prompt, text, words, numbers),
        *_texture(text, words, numbers),
        *_wording(words),
        *_options(text),
    )


def _universal(prompt: str, text: str, words: list[str], numbers: list[str]) -> Iterator[float]:
    yield math.log1p(len(prompt))
    yield math.log1p(len(words) * max(1.0, len(prompt) / max(len(text), 1)))
    yield math.log1p(len(numbers))
    yield math.log1p(len(set(numbers)))
    yield math.log1p(len(_SENTENCE.findall(text)))
    yield math.log1p(text.count(",") + text.count(";"))
    yield math.log1p(_among(words, _CONDITIONS))
    yield math.log1p(_among(words, _QUANTITIES))


def _texture(text: str, words: list[str], numbers: list[str]) -> Iterator[float]:
    size, count = max(len(text), 1), max(len(words), 1)
    yield math.log1p(sum(1 for word in words if len(word) > 9))
    yield sum(map(len, words)) / count
    yield len(set(words)) / count
    yield sum(map(len, numbers)) / size
    yield (size - sum(map(len, words)) - text.count(" ")) / size
    raw = text.encode("utf-8", "replace")
    yield (len(raw) - len(raw.translate(None, _CAPITALS))) / size
    yield (len(raw) - len(text)) / size
    yield math.log1p(text.count("\n"))
    yield math.log1p(text.count("?"))
    yield math.log1p(text.count('"') + text.count("“"))
    yield math.log1p(text.count("(") + text.count("[") + text.count("{"))
    yield math.log1p(sum(text.count(sign) for sign in "=+*^<>/\\_|"))
    yield float("__" in text)
    yield math.log1p(text.count("Statement") + text.count("Scenario") + text.count("\nI"))


def _wording(words: list[str]) -> Iterator[float]:
    for kind in (_NEGATIONS, _BEST, _MATHS, _SELF, _PEOPLE):
        yield math.log1p(_among(words, kind))
    opening = set(words[:3])
    for kind in _OPENERS.values():
        yield float(bool(opening & kind))


def _options(text: str) -> Iterator[float]:
    """Of a multiple-choice question; zeros elsewhere, and the words before the first option."""
    places = list(_OPTION.finditer(text))
    found = [place.group(1).strip() for place in places]
    stem = text[: places[0].start()] if places else text
    asked = set(_WORD.findall(stem.casefold()))
    sets = [set(_WORD.findall(option.casefold())) for option in found]
    union = set().union(*sets)
    lengths = [len(option) for option in found]
    yield float(min(len(found), 10))
    yield math.log1p(sum(lengths) / len(lengths)) if found else 0.0
    yield math.log1p(max(lengths) - min(lengths)) if found else 0.0
    yield sum(1 for option in found if _NUMERIC.match(option)) / len(found) if found else 0.0
    yield sum(map(len, sets)) / len(union) / len(sets) if union else 0.0
    yield len(union & asked) / len(union) if union else 0.0
    yield math.log1p(len(_WORD.findall(stem)))


def _among(words: list[str], kind: frozenset[str]) -> int:
    return sum(1 for word in words if word in kind)
