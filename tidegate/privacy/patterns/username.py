"""User names: beside their name, as the owner of a home folder, and as a handle where the text speaks of one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_NAMES = (
    "username", "user name", "user_name", "user-name", "userid", "user id", "user_id", "login name", "login_name", "login", "user",
    "benutzername", "benutzer", "gebruikersnaam", "nom d'utilisateur", "screen name", "screen_name", "nickname",
)  # fmt: skip
_VALUE = re.compile(r"@?[A-Za-z][A-Za-z0-9._-]{2,31}(?![\w@])")
_HOME = re.compile(
    r"(?:/home/|/Users/|[A-Za-z]:\\{1,2}Users\\{1,2})([A-Za-z0-9][A-Za-z0-9._-]{1,31})(?=[/\\\s\"':,;)]|$)"
)
_HANDLE = re.compile(r"@[A-Za-z0-9_]{3,30}(?![\w@(/]|\.\w)")
_PLACES = (
    "twitter",
    "instagram",
    "telegram",
    "tiktok",
    "mastodon",
    "threads",
    "discord",
    "handle",
    "follow",
    "snapchat",
    "dm ",
)
_OBJECTS = (
    "self.",
    "os.",
    "request.",
    "req.",
    "args.",
    "this.",
    "config.",
    "settings.",
    "ctx.",
    "event.",
    "sys.",
)
_NOBODY = frozenset(
    "root ubuntu debian user users admin administrator guest public default runner node app pi www-data nobody vagrant docker "
    "system service test shared null none true false string required unknown anonymous agent interface input data story has "
    "can may must not was who with the and for name manual experience".split()
)


def find(document: Document) -> Iterator[Span]:
    for match in beside(document, _NAMES, _VALUE, strict=True):
        value = match[0].rstrip(".")
        if value.lower() not in _NOBODY and _meant(document, match, value):
            yield hit("username", match.start(), match.start() + len(value), Label.USERNAME, 0.7)
    if document.has_word("/home/", "users"):
        for match in _HOME.finditer(document.text):
            if match[1].lower() not in _NOBODY:
                yield hit("username", *match.span(1), Label.USERNAME, 0.8)
    if document.has_word(*_PLACES):
        yield from _handles(document)


def _handles(document: Document) -> Iterator[Span]:
    for match in _HANDLE.finditer(document.text):
        start = match.start()
        spoken_of = any(place in document.around(start, match.end(), 60) for place in _PLACES)
        if spoken_of and not (
            start and (document.text[start - 1].isalnum() or document.text[start - 1] in "./_-")
        ):
            yield hit("username", start, match.end(), Label.USERNAME, 0.7)


def _meant(document: Document, match: re.Match[str], value: str) -> bool:
    """Not code (`user = load(x)`, `user=user`, `user = self.name`); after "is" no plain word (`user is happy`)."""
    text, start = document.text, match.start()
    before = document.before(start, 14)
    if (
        text[match.end() : match.end() + 1] in ("(", "[")
        or value.startswith(_OBJECTS)
        or before.endswith(f"{value.lower()}=")
    ):
        return False
    if text[start - 1] in "\"'":
        return True
    if before.endswith("= "):  # spaced: more often a program than a setting
        return any(c.isdigit() for c in value)
    return before.rstrip()[-1:] in (":", "=") or any(not c.isalpha() for c in value)


USERNAME = Pattern(
    "username",
    (Label.USERNAME,),
    find,
    words=("user", "login", "benutzer", "gebruiker", "utilisateur", "/home/", "handle", "name", "@"),
    lexicon=(*_NAMES, *_PLACES, "users"),
)
