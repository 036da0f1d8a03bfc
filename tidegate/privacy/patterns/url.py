"""URLs with a scheme, whole; what vocabularies and schemas call themselves is nobody's address."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}$")
# With the dots of a defanged host (`example[.]org`), behind a host that is an address in brackets too.
REST = re.compile(
    r"(?:\[[0-9A-Fa-f:.%]{2,60}\](?=[:/?#]|\s|$))?[^\s<>\"'`{}|\\^\[\]\ue000]*(?:\[\.\][\w.:/?=&%-]{1,200}){0,8}"
)
# Vocabularies that schemas and documents name; nobody's address.
_PUBLIC = (
    "json-schema.org",
    "www.w3.org",
    "schema.org",
    "schemas.xmlsoap.org",
    "www.iana.org",
    "tools.ietf.org",
)
_TRAILING = ".,;:!?*_~"


def find(document: Document) -> Iterator[Span]:
    text = document.text
    at = text.find("://")
    while at >= 0:
        scheme = _SCHEME.search(text, max(0, at - 21), at)
        rest = REST.match(text, at + 3)
        end = at + 3
        if scheme is not None and rest is not None and rest.end() > at + 3:
            end = trimmed(text, at + 3, rest.end())
            if end > at + 3 and not text.startswith(_PUBLIC, at + 3):
                yield hit("url", scheme.start(), end, Label.URL, 0.95)
        at = text.find("://", max(end, at + 3))


def trimmed(text: str, start: int, end: int) -> int:
    """Without sentence punctuation and without closing brackets that were never opened."""
    surplus = text.count(")", start, end) - text.count("(", start, end)
    while end > start:
        if text[end - 1] == ")" and surplus > 0:
            surplus -= 1
        elif text[end - 1] not in _TRAILING:
            return end
        end -= 1
    return end


URL = Pattern("url", (Label.URL,), find, words=("://",))
