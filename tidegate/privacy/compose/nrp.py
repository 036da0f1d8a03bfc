"""Nationality and faith said of a name: `Giovanni is Buddhist`, `Ana and Luis are both Turkish`, `Roko Zerjav (Irish)`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.compose.base import Composer, Scene, added
from tidegate.privacy.patterns.nrp import PEOPLES_AND_FAITHS
from tidegate.privacy.spans import Label, Span

_SAID = re.compile(
    r"(?:(?:,? (?:who|both))? (?:is|are|was|were|being)|['’]s)(?: (?:both|all|also|half|part|originally|ethnically|not|now|a|an|born|raised|a practi[cs]ing)){0,3} ([A-Za-z]{4,16})(?![\w-])"
    r"|,? (?:was |were )?(?:raised|born) (?:a |an )?([A-Za-z]{4,16})(?![\w-])| ?\(([A-Z][a-z]{3,15})\)|, (?:a |an )?([A-Z][a-z]{3,15})(?=,)"
)
_BESIDE = frozenset(
    {Label.PERSON, Label.LOCATION, Label.ORGANIZATION}
)  # names that were taken for another kind have a faith too
_LANGUAGE = re.compile(r"(?: (?:language|version|edition|translation|word|text))\b")


def compose(scene: Scene) -> Iterator[Span]:
    for span in scene.of(*_BESIDE):
        said = _SAID.match(scene.text, span.end)
        if said is None:
            continue
        group = next(at for at in (1, 2, 3, 4) if said[at] is not None)
        word = said[group]
        if span.label is not Label.PERSON and group > 2:
            continue
        if (
            word.lower() in PEOPLES_AND_FAITHS
            and scene.free(*said.span(group))
            and _LANGUAGE.match(scene.text, said.end()) is None
        ):
            yield added("nrp", *said.span(group), Label.NRP)


NRP = Composer("nrp", _BESIDE, compose)
