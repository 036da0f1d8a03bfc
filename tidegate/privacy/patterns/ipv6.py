"""IPv6 addresses in every form of RFC 4291: full, `::`, embedded IPv4, zone, in brackets."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_HEX = frozenset("0123456789abcdefABCDEF:")
_DOTTED = re.compile(r"(?:\.\d{1,3}){3}")
_ZONE = re.compile(r"%[A-Za-z0-9._-]{1,15}")
_LONGEST = 45


def find(document: Document) -> Iterator[Span]:
    """Each stretch of hex digits and colons with two colons or more, read by the standard library's parser."""
    text = document.text
    at = text.find(":")
    while at >= 0:
        start, end = _stretch(text, at)
        if text.count(":", start, end) >= 2:
            found = _address(document, start, end)
            if found is not None:
                yield found
                end = max(end, found.end)
        at = text.find(":", max(end, at + 1))


def _stretch(text: str, at: int) -> tuple[int, int]:
    start, end = at, at + 1
    while start > max(0, at - _LONGEST) and text[start - 1] in _HEX:
        start -= 1
    while end < min(len(text), at + _LONGEST) and text[end] in _HEX:
        end += 1
    return start, end


def _address(document: Document, start: int, end: int) -> Span | None:
    text = document.text
    dotted = _DOTTED.match(text, end)
    if dotted is not None:
        end = dotted.end()
    while end > start and text[end - 1] == ":" and not text.endswith("::", start, end):
        end -= 1
    if start < end and text[start] == ":" and not text.startswith("::", start):
        start += 1
    if not document.free(start, end) or not _parses(text[start:end]):
        return None
    zone = _ZONE.match(text, end)
    return hit("ipv6", start, zone.end() if zone else end, Label.IP_ADDRESS, 0.9)


def _parses(text: str) -> bool:
    """A real address, not loopback, and not a scope in code: `a::b` needs a digit or a third group."""
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return False
    groups = [group for group in text.split(":") if group]
    telling = len(groups) == 2 and any(c.isdigit() for c in text) and max(map(len, groups)) >= 3
    return int(address) > 1 and (len(groups) >= 3 or telling or text.lower().startswith(("fe80", "fd")))


IPV6 = Pattern("ipv6", (Label.IP_ADDRESS,), find, shape=r"::|[0-9a-f]:[0-9a-f]{1,4}:")
