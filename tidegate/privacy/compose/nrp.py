"""Nationality and faith said of a name: `Giovanni is Buddhist`, `Ana and Luis are both Turkish`, `Roko Zerjav (Irish)`.

Also anywhere in a sentence about somebody: one that names a person, or says where `I`, `she` or `they` are from. Never of a thing, a
language or inside a longer name: what is asked about those must stay answerable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.compose.base import Composer, Scene, added, sentence
from tidegate.privacy.patterns.nrp import PEOPLES, PEOPLES_AND_FAITHS
from tidegate.privacy.spans import Label, Span

_SAID = re.compile(
    r"(?:(?:,? (?:who|both))? (?:is|are|was|were|being)|['’]s)(?: (?:both|all|also|half|part|originally|ethnically|not|now|a|an|born|raised|a practi[cs]ing)){0,3} ([A-Za-z]{4,16})(?![\w-])"
    r"|,? (?:was |were )?(?:raised|born) (?:a |an )?([A-Za-z]{4,16})(?![\w-])| ?\(([A-Z][a-z]{3,15})\)|, (?:a |an )?([A-Z][a-z]{3,15})(?=,)"
)
_BESIDE = frozenset(
    {Label.PERSON, Label.LOCATION, Label.ORGANIZATION}
)  # names that were taken for another kind have a faith too
_LANGUAGE = re.compile(r"(?: (?:language|version|edition|translation|word|text))\b")
# A word for a people, outside longer words; in small letters not the one that is a verb.
_PEOPLE = re.compile(r"(?<![\w-])[A-Za-z][a-z]{3,15}(?![\w-])")
_SMALL = PEOPLES - {"polish"}
_ONESELF = re.compile(r"\b(?:i|i['’]m|he|she|we|they|you|my|his|her|our|their|who)\b", re.IGNORECASE)
# What a people makes, speaks, eats or rules: said of these, the word tells nothing about anybody.
_OF_THINGS = re.compile(
    r"[ -](?:and [A-Z][a-z]+ |[a-z]+(?:ed|ern|al|ic|ish|y) )?(?:food|wine|language|cuisine|music|literature|cheese|beer|lesson|class|course|film|movie|history|law|grammar|standard|letter|dish|dinner|lunch"
    r"|breakfast|restaurant|café|cafe|bakery|bread|coffee|tea|chocolate|sauce|salad|soup|recipe|kitchen|car|cars|train|plane|bike|phone|watch|product|brand|table|house|garden|window|door|paper"
    r"|book|novel|newspaper|magazine|article|poem|song|art|painting|opera|theatre|theater|style|design|fashion|word|words|text|version|edition|translation|subtitles?|keyboard|accent|dictionary|website"
    r"|page|channel|radio|tv|series|show|market|economy|currency|franc|pound|dollar|euro|peso|stock|bank|league|cup|football|grand|revolution|war|empire"
    r"|constitution|border|coast|sea|river|mountain|island|city|town|village|province|state|territory|flag|holiday|fries|press|horn|door|salt|water|order"
    r"|office|company|factory|firm|market|branch|division|team|site|plant|warehouse|supplier|customer|case|court|shepherd|dog|cat|horse|philosophy|poetry|numerals?|alphabet)(?:s|es)?\b"
)
_TONGUE = re.compile(
    r"\b(?:in|into|to|from|speak|speaks|spoke|spoken|speaking|learn|learns|learning|learnt|study|studies|studying|teach|teaches|taught|understand|understands|translate|write|writes|wrote"
    r"|read|reads|say|says|fluent|basic|some|of)(?: (?:fluent|basic|some|and|[A-Z][a-z]{3,15},? (?:and|or)))? $",
)
_CAPITAL_NEXT = re.compile(r" [A-ZÀ-Ž]")


def compose(scene: Scene) -> Iterator[Span]:
    yield from _said_of_a_name(scene)
    for word in _PEOPLE.finditer(scene.text):
        known = word[0].lower() in PEOPLES_AND_FAITHS if word[0][0].isupper() else word[0] in _SMALL
        if known and scene.free(*word.span()) and _about_somebody(scene, *word.span()):
            yield added("nrp", *word.span(), Label.NRP)


def _about_somebody(scene: Scene, start: int, end: int) -> bool:
    """Whether the sentence around a word for a people is about a person, and the word about no thing, tongue or longer name."""
    text = scene.text
    if _OF_THINGS.match(text, end) is not None or _TONGUE.search(text, max(0, start - 40), start) is not None:
        return False
    following = scene.following(end)
    if _CAPITAL_NEXT.match(text, end) is not None and (
        following is None or following.start != end + 1 or following.label is not Label.PERSON
    ):
        return False
    opening, ending = sentence(text, start, end)
    kinds = {span.label for span in scene.inside(opening, ending)}
    return Label.PERSON in kinds or (
        Label.LOCATION in kinds and _ONESELF.search(text, opening, ending) is not None
    )


def _said_of_a_name(scene: Scene) -> Iterator[Span]:
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
