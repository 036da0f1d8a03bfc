"""Bare digits that only their neighbour makes a phone number: `Webster, Olga: 48206356`, a line of digits under a name or an address."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.compose.base import Composer, Scene, added
from tidegate.privacy.spans import Label, Span

_DIGITS = r"(\(?\+?\d[\d()]{0,4}(?:[ .-]?\d){5,12})(?=[;,.]?(?:\s|$))"
_NAMED = re.compile(rf"(?: ?[:–-] ?| on | at | \(){_DIGITS}")
_BELOW = re.compile(rf",? ?\r?\n {{0,4}}{_DIGITS}(?=[ \t]*(?:\r?\n|$))")
_DATE = re.compile(r"(?:19|20)\d\d[-. ]\d\d?[-. ]\d\d?$|\d\d?[-. ]\d\d?[-. ](?:19|20)\d\d$")
_BELOW_WHAT = frozenset(
    {
        Label.PERSON,
        Label.ORGANIZATION,
        Label.STREET_ADDRESS,
        Label.EMAIL_ADDRESS,
        Label.LOCATION,
        Label.POSTAL_CODE,
    }
)
_FEWEST, _MOST = 7, 13  # digits


def compose(scene: Scene) -> Iterator[Span]:
    for span in scene.of(*_BELOW_WHAT):
        found = _NAMED.match(scene.text, span.end) if span.label is Label.PERSON else None
        if found is None:
            found = _BELOW.match(scene.text, span.end)
        if found is not None and _like_a_phone(found[1]) and scene.free(*found.span(1)):
            yield added("phone", *found.span(1), Label.PHONE_NUMBER)


def _like_a_phone(value: str) -> bool:
    return _FEWEST <= sum(map(str.isdigit, value)) <= _MOST and _DATE.match(value) is None


PHONE = Composer("phone", _BELOW_WHAT, compose)
