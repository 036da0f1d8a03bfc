"""JSON web tokens and their kin: three or more parts in base64 of which the first begins an object."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

# A look behind admits one attempt per token, so that `eyJeyJeyJ...` stays linear.
_SHAPE = re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3}")


def find(document: Document) -> Iterator[Span]:
    for match in _SHAPE.finditer(document.text):
        end = match.start() + len(match[0].rstrip(".-_"))
        yield hit("jwt", match.start(), end, Label.API_KEY, 0.95)


JWT = Pattern("jwt", (Label.API_KEY,), find, words=("eyj",))
