"""The state or country behind a town (`Perezstad, HI`, `Lyon, France`) and the postal code beside it (`Gliwice 28420`, `the zip of Bend, OR is 97701`)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.compose.base import Composer, Scene, added
from tidegate.privacy.compose.places import ABBREVIATIONS, COUNTRIES, STATE_NAMES
from tidegate.privacy.spans import Label, Span

_NAMES = "|".join(re.escape(name) for name in sorted((*STATE_NAMES, *COUNTRIES), key=len, reverse=True))
_SHORT = "|".join(sorted(ABBREVIATIONS))
_BEHIND = re.compile(rf",[ \n]((?:{_SHORT})(?![\w.-])|(?:{_NAMES})(?![\w-]))")
_ZIP = re.compile(
    r",? ((?:\d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] \d[A-Z]\d))(?![\w-])"
)
_CALLED = re.compile(r"(?i)\b(?:zip|zip code|postcode|post code|postal code|plz)\b[^.!?\n]{0,60}$")
_IS = re.compile(r" (?:is|was|:) (\d{4,6}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})(?![\w-])")
# In front of a town: five digits, or a shape that no year has, behind a word or a comma that leads to a place.
_BEFORE = re.compile(
    r"(?:^|[\n,;:(] ?|\b(?:to|in|from|near|at|of|nach|in|à|te|a|en|from|deliver to) )((?:[A-Z]{1,2}-)?(?:\d{5}|\d{4} ?[A-Z]{2}|\d{3} \d{2}|\d{2}-\d{3}|\d{4}-\d{3}|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|[A-Z]\d[A-Z] \d[A-Z]\d)) $"
)
_LEAD = 24
_TOWN = re.compile(r" ([A-ZÀ-Ž][\w'’-]{2,24}(?: [A-ZÀ-Ž][\w'’-]{1,24}){0,2})(?=[.,;:?!)\n]|$)")
_OF = re.compile(r", (?:of|from) ([A-ZÀ-Ž][\w'’-]{2,24}(?: [A-ZÀ-Ž][\w'’-]{1,24}){0,2})(?![\w'’])")
_PLACES = frozenset({Label.LOCATION, Label.STREET_ADDRESS})


def compose(scene: Scene) -> Iterator[Span]:
    text = scene.text
    for postal in scene.of(Label.POSTAL_CODE):
        town = _TOWN.match(text, postal.end)
        if town is not None and scene.free(*town.span(1)):
            yield added("place", *town.span(1), Label.LOCATION, 0.5)
    for age in scene.of(Label.AGE):
        home = _OF.match(text, age.end)
        if home is not None and scene.free(*home.span(1)):
            yield added("place", *home.span(1), Label.LOCATION, 0.5)
    for span in scene.of(*_PLACES):
        end = span.end
        before = _BEFORE.search(text, max(0, span.start - _LEAD), span.start)
        if before is not None and scene.free(*before.span(1)):
            yield added("place", *before.span(1), Label.POSTAL_CODE)
        state = _BEHIND.match(text, end)
        if state is not None and scene.free(*state.span(1)):
            yield added("place", *state.span(1), Label.LOCATION)
            end = state.end()
        elif text[span.start : end].rsplit(", ", 1)[-1] not in ABBREVIATIONS | set(STATE_NAMES):
            continue
        code = _ZIP.match(text, end)
        if code is None and _CALLED.search(text, max(0, span.start - 80), span.start):
            code = _IS.match(text, end)
        if code is not None and scene.free(*code.span(1)):
            yield added("place", *code.span(1), Label.POSTAL_CODE)


PLACE = Composer("place", _PLACES | {Label.POSTAL_CODE, Label.AGE}, compose)
