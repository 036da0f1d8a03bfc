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
_BARE = re.compile(
    r"\bmac(?:[ _-]?addr(?:ess|esse)?)?[\"']?[ :=|]{1,4}[\"']?([0-9a-f]{12}|[0-9a-f]{2}(?: [0-9a-f]{2}){5}|[0-9a-f]{4}(?:-[0-9a-f]{4}){2})(?![0-9a-z])"
)


def find(document: Document) -> Iterator[Span]:
    for separator, shape, width in ((":", _PAIRS, 2), ("-", _PAIRS, 2), (".", _CISCO, 4)):
        yield from _separated(document, separator, shape, width)
    if "mac" in document.lower:
        for match in _BARE.finditer(document.lower):
            yield hit("mac", *match.span(1), Label.MAC_ADDRESS, 0.8)


def _separated(document: Document, separator: str, shape: re.Pattern[str], width: int) -> Iterator[Span]:
    """Seen from a separator that comes again one group later."""
    text = document.text
    at = text.find(separator)
    while at >= 0:
        past = at + 1
        if at >= width and text[at + width + 1 : at + width + 2] == separator:
            match = shape.match(text, at - width)
            if match is not None:
                start, past = match.span()
                if (
                    document.free(start, past)
                    and not _continues(text, start, past, separator)
                    and _someones(match[0])
                ):
                    yield hit("mac", start, past, Label.MAC_ADDRESS, 0.9)
        at = text.find(separator, past)


def _continues(text: str, start: int, end: int, separator: str) -> bool:
    before = start > 1 and text[start - 1] == separator and text[start - 2].isalnum()
    after = end + 1 < len(text) and text[end] == separator and text[end + 1].isalnum()
    return before or after


def _someones(text: str) -> bool:
    """Neither all zeros nor broadcast; and with a digit, or a real separator pattern (`de-ad-be-ef-ca-fe` has none)."""
    body = {c for c in text.lower() if c.isalnum()}
    return len(body) > 1 and (":" in text or any(c.isdigit() for c in text))


MAC = Pattern(
    "mac",
    (Label.MAC_ADDRESS,),
    find,
    shape=r"[0-9a-f]{2}:[0-9a-f]{2}:[0-9a-f]{2}:|[0-9a-f]{2}-[0-9a-f]{2}-[0-9a-f]{2}-|[0-9a-f]{4}\.[0-9a-f]{4}\.|mac",
)
