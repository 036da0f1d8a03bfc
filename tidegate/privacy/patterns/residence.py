"""Where somebody lives, was born or works, by the verb before it: `lives in Legrosboeuf`, `born in Kota`, `arbeitet bei Halberd`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_NAME = r"[A-ZÀ-Ž][\w'’-]{1,24}(?:[ -](?:(?:de|del|della|la|le|sur|upon|am|an der|aan den|di|du|of) )?[A-ZÀ-Ž][\w'’-]{1,24}){0,3}"
_LIVES = (
    "lives in|live in|lived in|living in|born in|raised in|grew up in|moved to|moved from|moving to|relocated to|wohnt in|wohne in|lebt in|lebe in|geboren in|aus gebürtig"
    "|habite à|habite a|vive en|vivo en|nacido en|nacida en|née? à|woont in|woon in|geboren te|abita a|abito a|vive a|vivo a|nato a|nata a|mieszkam w|mieszka w|bor i"
)
_WORKS = (
    "works for|work for|worked for|working for|works at|work at|worked at|working at|employed by|employed at|hired by|arbeitet bei|arbeite bei|travaille chez|trabaja en"
    "|trabajo en|werkt bij|werk bij|lavora per|lavoro per"
)
_LIVING = re.compile(rf"\b(?:{_LIVES}) ")
_WORKING = re.compile(rf"\b(?:{_WORKS}) ")
_FIRM = re.compile(rf"{_NAME}(?:, {_NAME})?(?: (?:and|&|und|y|e|et) {_NAME})?")
_PLACE = re.compile(_NAME)
_LIVES_SHAPE, _WORKS_SHAPE = rf"\b(?:{_LIVES}) ", rf"\b(?:{_WORKS}) "
_NOWHERE = frozenset(
    "the a an i it this that my our your his her their january february march april may june july august september october november december monday tuesday wednesday "
    "thursday friday saturday sunday spring summer autumn winter english german french spanish italian dutch git github docker python java javascript kubernetes linux "
    "windows aws azure europe production staging section chapter step phase version room gate row line page".split()
)


def find(document: Document) -> Iterator[Span]:
    for shape, verb, name, label in (
        (_LIVES_SHAPE, _LIVING, _PLACE, Label.LOCATION),
        (_WORKS_SHAPE, _WORKING, _FIRM, Label.ORGANIZATION),
    ):
        for said in verb.finditer(document.lower) if document.has_shape(shape) else ():
            match = name.match(document.text, said.end())
            if match is not None and match[0].split()[0].lower() not in _NOWHERE and not match[0].isupper():
                yield hit("residence", *match.span(), label, 0.55)


RESIDENCE = Pattern(
    "residence",
    (Label.LOCATION, Label.ORGANIZATION),
    find,
    shape=f"{_LIVES_SHAPE}|{_WORKS_SHAPE}",
    shapes=(_LIVES_SHAPE, _WORKS_SHAPE),
)
