"""Open location codes: eight symbols, a plus, and two or three more are a place of a few metres."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_SYMBOL = "[23456789CFGHJMPQRVWX]"
_FULL = re.compile(rf"[23456789CFGHJMPQRV][23456789CFGHJMPQRVWX]{_SYMBOL}{{6}}\+{_SYMBOL}{{2,7}}(?![\w+])")


def find(document: Document) -> Iterator[Span]:
    text = document.text
    at = text.find("+")
    while at >= 0:
        match = _FULL.match(text, at - 8) if at >= 8 else None
        if match is not None and document.free(*match.span()) and _mixed(match[0]):
            yield hit("plus_code", *match.span(), Label.COORDINATES, 0.8)
        at = text.find("+", at + 1)


def _mixed(code: str) -> bool:
    """Digits and letters: `22222222+33` is a sum."""
    return any(c.isalpha() for c in code) and any(c.isdigit() for c in code)


PLUS_CODE = Pattern(
    "plus_code", (Label.COORDINATES,), find, digits=True, shape=r"[2-9cfghjmpqrvwx]{8}\+[2-9cfghjmpqrvwx]{2}"
)
