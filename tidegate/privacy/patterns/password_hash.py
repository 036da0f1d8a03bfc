"""Hashes of passwords in the forms of crypt, bcrypt, scrypt, PBKDF2 and Argon2: they can be guessed offline."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_SHAPE = re.compile(
    r"\$(?:2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}|[156]\$(?:rounds=\d{1,9}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{22,86}"
    r"|(?:argon2(?:id|i|d)|scrypt|pbkdf2(?:-sha\d{1,3})?|y|7)\$[\w./=,+$-]{20,200})"
)


def find(document: Document) -> Iterator[Span]:
    for match in _SHAPE.finditer(document.text):
        yield hit("password_hash", *match.span(), Label.PASSWORD, 0.95)


PASSWORD_HASH = Pattern(
    "password_hash", (Label.PASSWORD,), find, shape=r"\$(?:2[abxy]?|[1567y]|argon2|scrypt|pbkdf2)[^$]{0,12}\$"
)
