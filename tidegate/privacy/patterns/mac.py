"""MAC addresses: colons, dashes, Cisco dots; bare only where the text says MAC. Fingerprints (more groups) are none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_PAIRS = re.compile(
    r"[0-9A-Fa-f]{2}([:-])[0-9A-Fa-f]{2}(?:\1[0-9A-Fa-f]{2}){4}(?:\1[0-9A-Fa-f]{2}\1[0-9A-Fa-f]{2})?"
)
_CISCO = re.compile(r"[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}")
_BARE = re.compile(r"\bmac(?:[ _-]?addr(?:ess|esse)?)?[\"']?[ :=]{1,4}[\"']?([0-9a-f]{12})(?![0-9a-z])")


def find(document: Document) -> Iterator[Span]:
    text = document.text
    for shape in (_PAIRS, _CISCO):
        for match in shape.finditer(text):
            start, end = match.span()
            separator = text[start + 2] if shape is _PAIRS else "."
            if (
                document.free(start, end)
                and not _continues(text, start, end, separator)
                and _someones(match[0])
            ):
                yield hit("mac", start, end, Label.MAC_ADDRESS, 0.9)
    if "mac" in document.lower:
        for match in _BARE.finditer(document.lower):
            yield hit("mac", *match.span(1), Label.MAC_ADDRESS, 0.8)


def _continues(text: str, start: int, end: int, separator: str) -> bool:
    before = start > 1 and text[start - 1] == separator and text[start - 2].isalnum()
    after = end + 1 < len(text) and text[end] == separator and text[end + 1].isalnum()
    return before or after


def _someones(text: str) -> bool:
    """Neither all zeros nor broadcast; and with a digit, or a real separator pattern (`de-ad-be-ef-ca-fe` has none)."""
    body = {c for c in text.lower() if c.isalnum()}
    return body != {"0"} and body != {"f"} and (":" in text or any(c.isdigit() for c in text))


def _wants(document: Document) -> bool:
    text = document.text
    return text.count(":") >= 5 or text.count("-") >= 5 or text.count(".") >= 2 or "mac" in document.lower


MAC = Pattern("mac", (Label.MAC_ADDRESS,), _wants, find)
