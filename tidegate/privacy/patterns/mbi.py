"""US Medicare beneficiary identifiers: eleven places of a fixed kind each; bare ones only beside their name (CMS, 2018)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_LETTER, _EITHER = "[AC-HJKMNP-RT-Y]", "[AC-HJKMNP-RT-Y0-9]"
_DASHED = re.compile(rf"[1-9]{_LETTER}{_EITHER}\d-{_LETTER}{_EITHER}\d-{_LETTER}{{2}}\d{{2}}(?![\w-])")
_BARE = re.compile(rf"[1-9]{_LETTER}{_EITHER}\d{_LETTER}{_EITHER}\d{_LETTER}{{2}}\d{{2}}(?!\w)")
_NAMES = ("medicare", "mbi", "beneficiary")


def find(document: Document) -> Iterator[Span]:
    for start, _ in document.numbers:
        match = _DASHED.match(document.text, start)
        if match is None and document.near(_NAMES, start - 45, start):
            match = _BARE.match(document.text, start)
        if match is not None and document.free(*match.span()):
            yield hit("mbi", *match.span(), Label.US_MBI, 0.85)


MBI = Pattern(
    "mbi",
    (Label.US_MBI,),
    find,
    digits=True,
    shape=r"(?:^|[^a-z0-9_])[1-9][a-z][a-z0-9]\d-?[a-z][a-z0-9]\d-?[a-z]{2}\d\d(?:$|[^a-z0-9_])",
    lexicon=_NAMES,
)
