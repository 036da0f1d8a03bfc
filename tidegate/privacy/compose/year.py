"""The year of something that happened to a name: `Albioma SA was sold in 1978`, `joined Jones LLP in 2016`, `In 1984, Ana Berg left`.

Right beside the name, or behind a preposition in the same sentence. A year beside nobody stays: `the winter of 1978`, `in 2016 prices rose`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.compose.base import Composer, Scene, added, sentence
from tidegate.privacy.spans import Label, Span

_YEAR = r"((?:19|20)\d\d)"
_BEHIND = re.compile(rf"\.? ?,? (?:in|since|until|from|till|around|as of|back in) {_YEAR}(?![\w-]|[.,]\d)")
_BEFORE = re.compile(
    rf"(?<![\w$€£.,-])(?:[Ii]n|[Ss]ince|[Uu]ntil|[Ff]rom)? ?{_YEAR},? (?:the |at |when |with )?$"
)
_OF_A_PEOPLE = re.compile(rf"(?<![\w$€£.,-]){_YEAR} $")  # `the 1984 Croatian winner`
_OF_WHOM = frozenset({Label.PERSON, Label.ORGANIZATION, Label.NRP})
_SAME_SENTENCE = re.compile(rf"(?<!\d )\b(?:in|of|since|until|during) {_YEAR}(?![\w%-]|[.,:/]\d)")
_LEAD = 24  # characters that may stand before a name: `Since 1984, when `


def compose(scene: Scene) -> Iterator[Span]:
    text = scene.text
    for span in scene.of(*_OF_WHOM):
        people = span.label is Label.NRP
        before = (_OF_A_PEOPLE if people else _BEFORE).search(text, max(0, span.start - _LEAD), span.start)
        for year in (None if people else _BEHIND.match(text, span.end), before):
            if year is not None and scene.free(*year.span(1)):
                yield added("year", *year.span(1), Label.DATE_TIME, 0.5)
    for year in _SAME_SENTENCE.finditer(text):
        opening, ending = sentence(text, *year.span(1))
        somebody = {Label.PERSON, Label.ORGANIZATION} & {span.label for span in scene.inside(opening, ending)}
        if somebody and scene.free(*year.span(1)):
            yield added("year", *year.span(1), Label.DATE_TIME, 0.5)


YEAR = Composer("year", _OF_WHOM, compose)
