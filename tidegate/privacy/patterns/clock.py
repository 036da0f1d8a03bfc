"""Clock times (`at 14:30`, `5 pm`, `17 Uhr`) and weekdays spoken of from today on (`last Tuesday`, `next Friday`)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.moment import WEEKDAYS, stretched
from tidegate.privacy.spans import Label, Span

_DAYS = "|".join(WEEKDAYS)
# `on Monday` says when only to whoever knows the week; `last Tuesday` is spoken of as a day of its own.
_LEADS = "last|next|this past|this coming|past|coming|letzten|nächsten|kommenden|vergangenen|vorigen|volgende|afgelopen"
_DAY = re.compile(
    rf"\b((?:{_LEADS}) (?:{_DAYS})(?: (?:morning|afternoon|evening|night))?|(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) (?:dernier|prochain)|(?:lunes|martes|miércoles|jueves|viernes|sábado|domingo) (?:pasado|que viene))\b"
)
_DAY_SHAPE = rf"\b(?:{_LEADS}) (?:{_DAYS})\b|\b(?:{_DAYS}) (?:dernier|prochain|pasado|que viene)\b"
_TIME = re.compile(
    r"(?<![\w.:,/$€£-])(?:(?:[01]?\d|2[0-3])(?::[0-5]\d(?::[0-5]\d)?)? ?(?:[ap]\.m\.|[ap]m\b)|(?:[01]?\d|2[0-3])(?:[:.][0-5]\d)? uhr\b"
    r"|(?<=\bat )(?:[01]?\d|2[0-3]):[0-5]\d(?![\w:.]*\d)|(?<=\bum )(?:[01]?\d|2[0-3]):[0-5]\d(?![\w:.]*\d))"
)
_TIME_SHAPE = r"\d ?(?:[ap]\.m\.|[ap]m\b|uhr\b)|\b(?:at|um) \d{1,2}:\d\d"


def find(document: Document) -> Iterator[Span]:
    if document.has_shape(_TIME_SHAPE):
        for time in _TIME.finditer(document.lower):
            yield hit("clock", *stretched(document, *time.span()), Label.DATE_TIME, 0.55)
    if document.has_shape(_DAY_SHAPE):
        for day in _DAY.finditer(document.lower):
            yield hit("clock", *stretched(document, *day.span(1)), Label.DATE_TIME, 0.56)


CLOCK = Pattern(
    "clock", (Label.DATE_TIME,), find, shape=f"{_TIME_SHAPE}|{_DAY_SHAPE}", shapes=(_TIME_SHAPE, _DAY_SHAPE)
)
