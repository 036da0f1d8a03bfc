"""Secrets without a known prefix: a high-entropy value beside a word that says secret, and Authorization headers."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_NAMES = (
    "api_key", "api-key", "apikey", "api key", "access_key", "access-key", "accesskey", "access key", "secret_key", "secretkey",
    "secret key", "client_secret", "clientsecret", "client secret", "secret", "access_token", "accesstoken", "auth_token",
    "authtoken", "refresh_token", "id_token", "token", "bearer", "credential", "private_key", "signing_key", "encryption_key",
    "session_id", "sessionid", "jsessionid", "phpsessid", "sessid", "session", "cookie", "authorization", "x-api-key", "license key", "recovery key", "seed",
)  # fmt: skip
_ROOTS = ("key", "secret", "token", "bearer", "credential", "sess", "cookie", "authorization", "seed")
_VALUE = re.compile(r"(?:(?:Bearer|Basic|Token|token|bearer|basic) )?([A-Za-z0-9_\-./+=~]{12,512})")
_QUOTED = re.compile(r"[^\s\"'`]{1,200}")
# `kJ8s9dKf02jf is my token`: the value first.
_MINE_SHAPE = r" (?:is|was) (?:my|the|our|your) (?:new |old )?(?:api |access |secret |auth )?(?:key|token|secret|credential)"
_MINE = re.compile(rf"(?<![A-Za-z0-9_.+/=-])([A-Za-z0-9_.+/=-]{{12,512}})[\"'`]?{_MINE_SHAPE}\b")
_BEARER = re.compile(r"(?:Bearer|Basic) ([A-Za-z0-9_\-./+=~]{12,4096})")
_LEAST_BITS = 3.0  # bits per character: English words are near 2.5, random base 16 of 32 characters near 3.6


def find(document: Document) -> Iterator[Span]:
    for match in beside(document, _NAMES, _VALUE):
        if random_looking(match[1]) and document.text[match.end() : match.end() + 1] != "(":
            start, end = match.span(1)
            yield hit("secret", start, _to_quote(document.text, start, end), Label.API_KEY, 0.8)
    for match in _BEARER.finditer(document.text):
        if random_looking(match[1]):
            yield hit("secret", *match.span(1), Label.API_KEY, 0.85)
    if document.has_shape(_MINE_SHAPE):
        for match in _MINE.finditer(document.text):
            if random_looking(match[1]):
                yield hit("secret", *match.span(1), Label.API_KEY, 0.75)


def _to_quote(text: str, start: int, end: int) -> int:
    """The end of the quotation that begins right before `start`, where no space stands in it: secrets hold every sign."""
    mark = text[start - 1 : start]
    rest = _QUOTED.match(text, end) if mark and mark in "\"'`" else None
    return rest.end() if rest is not None and text[rest.end() : rest.end() + 1] == mark else end


def random_looking(value: str) -> bool:
    """Digits and letters mixed, no path, no version, at least _LEAST_BITS of Shannon entropy per character."""
    body = value.rstrip("=.")
    if len(body) < 12 or body.count("/") > 2 or body.count(".") > 3:
        return False
    has_digit = any(c.isdigit() for c in body)
    has_letter = any(c.isalpha() for c in body)
    return has_digit and has_letter and entropy(body) >= _LEAST_BITS


def entropy(text: str) -> float:
    """Shannon entropy in bits per character."""
    size = len(text)
    return -sum(n / size * math.log2(n / size) for n in Counter(text).values())


SECRET = Pattern("secret", (Label.API_KEY,), find, words=_ROOTS, lexicon=_NAMES, shapes=(_MINE_SHAPE,))
