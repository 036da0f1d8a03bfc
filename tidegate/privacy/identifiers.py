"""Names inside identifiers, paths and hash tags: `notify_annaBerg`, `reports/anna_berg`, `#AnnaBerg`. Pure but for the finder asked.

Joined words are shown to the name model once more, one identifier a line, its words apart and with capitals. Only a sure find of two
words or more counts: a name alone inside an identifier is a word of the program like any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from tidegate.privacy.spans import Label, Span

_JOINED: Final = re.compile(
    r"(?<![^\W_])[^\W\d_]{2,24}(?:_[^\W\d_]{2,24}){1,5}(?![^\W_])|(?<![^\W_])[^\W\d_]*[a-zà-ÿ][A-ZÀ-Þ][a-zà-ÿ][^\W\d_]{0,40}"
)
_HUMP: Final = re.compile(r"[a-zà-ÿ][A-ZÀ-Þ][a-zà-ÿ]")  # without it, and without a `_`, nothing is joined
_WORD: Final = re.compile(r"[A-ZÀ-Þ]?[a-zà-ÿ]{2,}|[A-ZÀ-Þ]{2,}(?![a-zà-ÿ])|[^\W\d_]")
_MOST: Final = 64  # identifiers of one text
_SURE: Final = 0.9
_FEWEST: Final = 2  # words of a name

Ner = Callable[[str], tuple[Span, ...]]


@dataclass(frozen=True, slots=True)
class _Place:
    """A word of a line and where it stands in the text."""

    at: int  # in the lines
    start: int
    end: int


def people(text: str, ner: Ner) -> Iterator[Span]:
    """Persons named by the identifiers of `text`, in its offsets."""
    if "_" not in text and _HUMP.search(text) is None:
        return
    lines, places = _lines(text)
    if not lines:
        return
    for span in ner(lines):
        words = [place for place in places if span.start <= place.at < span.end]
        if span.label is Label.PERSON and span.score >= _SURE and len(words) >= _FEWEST:
            yield Span(words[0].start, words[-1].end, Label.PERSON, span.score, span.source)


def _lines(text: str) -> tuple[str, list[_Place]]:
    lines: list[str] = []
    places: list[_Place] = []
    at = 0
    for joined in islice(_JOINED.finditer(text), _MOST):
        words = [(match.start(), match.end()) for match in _WORD.finditer(text, joined.start(), joined.end())]
        if len(words) < _FEWEST:
            continue
        line = " ".join(text[start:end].capitalize() for start, end in words)
        offset = at
        for start, end in words:
            places.append(_Place(offset, start, end))
            offset += len(text[start:end].capitalize()) + 1
        lines.append(line)
        at += len(line) + 1
    return "\n".join(lines), places
