"""Bodies by what they are: `University of Leeds`, `Bank of Aldermoor`, `Kessel University`, `Northgate Pharmacy`, `Willow Bank Primary School`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_OF = (
    "University|Universität|Université|Universiteit|Universidad|Università|College|Bank|Banque|Banco|Banca|Institute|School|Hospital|Church|Diocese|Ministry|Academy"
    "|Archdiocese|Museum"
)
_ENDS = (
    "University|College|Hospital|Clinic|Pharmacy|High School|Primary School|Elementary School|Grammar School|Middle School|Primary|Academy|Institute|City Council"
    "|County Council|Town Council|School District|Credit Union|Medical Center|Medical Centre|Health Centre|Dental|Bakery|Brewery|Dairy|Housing|Labs|Hotel|Church|Cathedral"
)
_NAME = r"[A-ZÀ-Ž][\w'’.-]{1,24}"
_SMALL = r"(?:of|de|la|der|für|the|di|del|des|van|and|&)"
_FORWARD = re.compile(
    rf"(?<![\w-])(?:{_OF}) (?:of|de|di|der|des|du|von|van|für) (?:the |la |las |los |le )?{_NAME}(?: (?:{_SMALL} )?{_NAME}){{0,3}}"
)
_KIND = re.compile(rf" (?:{_ENDS})(?![\w-])")
_BEFORE = re.compile(rf"(?<![\w-])(?:St\. )?{_NAME}(?: (?:{_SMALL} )?{_NAME}){{0,3}}$")
_REACH = 80  # characters of a name
_OPENERS = frozenset(
    "the a an this that my our your his her their any some each every which what does did is are was at in on for to from by with and or but if when while new old "
    "local community public state national regional private general teaching city county house holy junior senior your no not".split()
)
_SHAPE = (
    r"\b(?:university|universität|université|universiteit|universidad|università|college|bank|banque|banco|banca|institute|school|hospital|church|diocese|ministry|academy"
    r"|archdiocese|museum) (?:of|de|di|der|des|du|von|van|für) |\S (?:university|college|hospital|clinic|pharmacy|school|primary|academy|institute|council|credit union"
    r"|school district|medical cent(?:er|re)|health centre|dental|bakery|brewery|dairy|housing|labs|hotel|church|cathedral)\b"
)


def find(document: Document) -> Iterator[Span]:
    text = document.text
    for match in _FORWARD.finditer(text):
        yield hit("institution", match.start(), _without_stop(match), Label.ORGANIZATION, 0.7)
    taken = 0
    for kind in _KIND.finditer(text):
        before = _BEFORE.search(text, max(taken, kind.start() - _REACH), kind.start())
        if before is None:
            continue
        start, words = before.start(), text[before.start() : kind.end()].split()
        while len(words) > 1 and words[0].lower() in _OPENERS:
            start += len(words[0]) + 1
            words.pop(0)
        if len(words) > 1 and not _only_the_kind(words):
            taken = kind.end()
            yield hit("institution", start, taken, Label.ORGANIZATION, 0.65)


def _without_stop(match: re.Match[str]) -> int:
    """The end of a sentence belongs to no name."""
    return match.end() - (match[0].endswith(".") and len(match[0].split()[-1]) > 3)


def _only_the_kind(words: list[str]) -> bool:
    """`Primary School`, `City Council`, `Medical Center` name no body."""
    return " ".join(words) in _ENDS.split("|")


INSTITUTION = Pattern("institution", (Label.ORGANIZATION,), find, shape=_SHAPE)
