"""URLs with a scheme, `www.` hosts, and bare domains under well-known top-level domains."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}$")
_REST = re.compile(r"[^\s<>\"'`{}|\\^\[\]\ue000]+")
_HOST = re.compile(r"[A-Za-z0-9](?:[\w-]{0,62}\.){1,6}[A-Za-z]{2,14}(?![\w-])")
# Endings of file names and of code (py, md, sh, rs, so, js) are left out on purpose: `README.md` is no domain.
_TOP = frozenset(
    "com org net edu gov mil int info biz eu de fr nl uk be at ch it es pt pl cz se dk fi ie us ca au nz jp cn br mx ru "
    "in io ai dev app cloud shop online tech bank lu gr hu ro bg hr sk si lt lv ee is li tr za il ae kr tw hk sg".split()
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
    yield from _with_scheme(document)
    yield from _bare(document)


def _with_scheme(document: Document) -> Iterator[Span]:
    text = document.text
    at = text.find("://")
    while at >= 0:
        scheme = _SCHEME.search(text, max(0, at - 21), at)
        rest = _REST.match(text, at + 3)
        end = at + 3
        if scheme is not None and rest is not None:
            end = _trimmed(text, at + 3, rest.end())
            if end > at + 3 and not text.startswith(_PUBLIC, at + 3):
                yield hit("url", scheme.start(), end, Label.URL, 0.95)
        at = text.find("://", max(end, at + 3))


def _bare(document: Document) -> Iterator[Span]:
    """Hosts, seen from a dot with a letter or digit on both sides."""
    text = document.text
    dot = text.find(".")
    while dot >= 0:
        past = dot + 1
        if 0 < dot < len(text) - 1 and text[dot - 1].isalnum() and text[past].isalnum():
            start = _host_start(text, dot)
            match = _HOST.match(text, start)
            if match is not None and match.end() > dot:
                past = match.end()
                found = _host(document, start, past)
                if found is not None:
                    past = found.end
                    yield found
        dot = text.find(".", past)


def _host_start(text: str, dot: int) -> int:
    start = dot
    while start > max(0, dot - 63) and (text[start - 1].isalnum() or text[start - 1] in "-_"):
        start -= 1
    while start < dot and not text[start].isalnum():
        start += 1
    return start


def _host(document: Document, start: int, end: int) -> Span | None:
    text = document.text
    before = text[start - 1] if start else " "
    if before in "@/._-" or before.isalnum() or (end < len(text) and text[end] in "@(_"):
        return None
    host = text[start:end]
    known = host.rsplit(".", 1)[1].lower() in _TOP and not _two_sentences(host)
    if not known and not host.lower().startswith("www."):
        return None
    path = _REST.match(text, end) if text[end : end + 1] in ("/", ":", "?") else None
    return hit("url", start, _trimmed(text, start, path.end()) if path else end, Label.URL, 0.7)


def _two_sentences(host: str) -> bool:
    """`done.In` and `Inc.is` are a missing space: a capital after the last dot only."""
    name, top = host.rsplit(".", 1)
    return (top[0].isupper() and not host.isupper()) or (
        "." in name and max(len(part) for part in name.split(".")) < 2
    )


def _trimmed(text: str, start: int, end: int) -> int:
    """Without sentence punctuation and without closing brackets that were never opened."""
    surplus = text.count(")", start, end) - text.count("(", start, end)
    while end > start:
        if text[end - 1] == ")" and surplus > 0:
            surplus -= 1
        elif text[end - 1] not in _TRAILING:
            return end
        end -= 1
    return end


URL = Pattern("url", (Label.URL,), find, words=(".", "://"))
