"""Ages right beside a name: `Ana (34)`, `Jon Smith, 51, was`, `Mia is 9 and`, `Tom was 57 when he`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.compose.base import Composer, Scene, added
from tidegate.privacy.patterns.age import COUNTED
from tidegate.privacy.spans import Label, Span

_NUMBER = r"(1[01]\d|[1-9]?\d)"
_BRACKETS = re.compile(rf" ?\({_NUMBER}(?:,? (?:m|f|male|female))?\)")
_COMMAS = re.compile(
    rf", ?{_NUMBER}(?=,? (?:and|who|was|is|has|had|of|from|a|an|the|died|lives|lived|works|said|says|told|whose|went|got|wants|needs|likes)\b|, ?[^\W\d]|[.,]?\s*(?:$|\n))"
)
_IS = re.compile(
    rf"(?:['’]s| (?:is|was|turns?|turned|will be|wird|ist|war|a|est))(?: (?:now|already|only|just|about|almost|turning|gerade|erst)){{0,2}} {_NUMBER}"
    r"(?=[.!?;)]?(?:\s*$|[\n\"])|[.!?;)] |, (?!\d)| (?:and|but|now|today|tomorrow|next|this|when|while|years?|yrs?|in [A-Z])\b)"
)
_ELDEST = 12  # fewer years in brackets or between commas count something else: `Table (3)`
_ORDINARY = frozenset({Label.PERSON})
_OPENING = frozenset(
    {Label.PERSON, Label.ORGANIZATION, Label.LOCATION}
)  # a name that was taken for another kind still ages


def compose(scene: Scene) -> Iterator[Span]:
    for span in scene.of(*_OPENING):
        found = (
            _IS.match(scene.text, span.end)
            if " " not in scene.text[span.start : span.end] or span.label is Label.PERSON
            else None
        )
        if span.label is Label.ORGANIZATION or span.label is Label.LOCATION:
            found = found if found is not None and scene.text[found.end() :].startswith(" when ") else None
        elif found is None:
            found = _BRACKETS.match(scene.text, span.end) or _COMMAS.match(scene.text, span.end)
            if found is not None and int(found[1]) <= _ELDEST:
                found = None
        if (
            found is not None
            and COUNTED.match(scene.text, found.end(1)) is None
            and scene.free(*found.span(1))
        ):
            yield added("age", *found.span(1), Label.AGE)


AGE = Composer("age", _OPENING, compose)
