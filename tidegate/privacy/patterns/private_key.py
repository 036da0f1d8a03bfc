"""Private keys in PEM armour and PuTTY's files, whole; one that is cut off, to the end of the text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_BEGIN = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-\d: "
)
_END = re.compile(
    r"-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----|Private-MAC: [0-9A-Fa-f]{16,128}"
)


def find(document: Document) -> Iterator[Span]:
    text = document.text
    position = 0
    while begin := _BEGIN.search(text, position):
        end = _END.search(text, begin.end())
        position = end.end() if end is not None else len(text)
        yield hit("private_key", begin.start(), position, Label.API_KEY, 0.99)


PRIVATE_KEY = Pattern("private_key", (Label.API_KEY,), find, words=("private key", "putty-user-key"))
