"""IPv4 addresses. Versions, object identifiers, netmasks and loopback are none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_QUAD = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_DEFANGED = re.compile(r"\d{1,3}(?:\[\.\]\d{1,3}|\.\d{1,3}){3}")  # as reports of attacks write it
_VERSION = re.compile(
    r"(?:\bv|\bver(?:sion)?\.?|release|firmware|build|fw|section|§|chapter|oid|\bec)[ :=]{0,2}$"
)


def find(document: Document) -> Iterator[Span]:
    text = document.text
    for start, number_end in document.numbers:
        behind = text[number_end : number_end + 1]
        shape = _QUAD if behind == "." else _DEFANGED if behind == "[" else None
        match = shape.match(text, start) if shape is not None else None
        if match is None:
            continue
        end = match.end()
        if not _whole(text, start, end) or _VERSION.search(document.before(start, 12)):
            continue
        parts = match[0].replace("[.]", ".").split(".")
        octets = [int(part) for part in parts]
        padded = any(len(part) > 1 and part[0] == "0" for part in parts) and min(map(len, parts)) < 3
        if max(octets) <= 255 and not padded and not _nobodys(octets):
            yield hit("ipv4", start, end, Label.IP_ADDRESS, 0.9)


def _whole(text: str, start: int, end: int) -> bool:
    """Not a piece of a longer dotted number or word."""
    if start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        return False
    if start > 1 and text[start - 1] == "." and text[start - 2].isalnum():
        return False
    if end < len(text) and (text[end].isalnum() or text[end] == "_"):
        return False
    return not (end + 1 < len(text) and text[end] == "." and text[end + 1].isdigit())


def _nobodys(octets: list[int]) -> bool:
    """Unspecified, loopback, broadcast and netmasks belong to no one."""
    return octets[0] == 0 or octets[:2] == [127, 0] or octets[:2] == [255, 255] or octets == [255, 0, 0, 0]


IPV4 = Pattern("ipv4", (Label.IP_ADDRESS,), find, digits=True, shape=r"\d\.\d{1,3}\.\d{1,3}\.\d|\d\[\.\]\d")
