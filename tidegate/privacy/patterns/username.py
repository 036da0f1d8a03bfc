"""User names: beside their name, as the owner of a home folder, and as a handle where the text speaks of one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, any_of, hit
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
_HANDLE = re.compile(r"@[A-Za-z0-9_](?:[A-Za-z0-9_.]{1,28}[A-Za-z0-9_])(?![\w@(/]|\.\w)")
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
    "insta",
    "snapchat",
    "dm ",
)
# Behind these a word is somebody's account, whatever it looks like.
_SIGNED_CORE = (
    r"\b(?:(?:sign|log|signed|logged|logging|signing) ?-?in (?:as|with|under)|(?:post|posts|posted|streams?|plays?|goes|known|registered) (?:as|by)(?: the (?:name|handle|nick))?"
    r"|(?:my|his|her|their|your|whose) (?:login|user ?name|handle|nick(?:name)?|screen ?name|gamertag|user ?id)(?: is| was|:)?"
    r"|(?:github|gitlab|twitter|instagram|insta|reddit|tiktok|twitch|discord|telegram|snapchat|steam|skype|facebook|linkedin|youtube|bitbucket|mastodon)"
    r" (?:account|handle|user|user ?name|profile|id|name|nick)(?: is|:| of)?|for user|by user|the user|user ?name)\s+[\"'`]?"
)
_SIGNED = re.compile(rf"{_SIGNED_CORE}(?=[\w@])")
_SIGNED_SHAPE = rf"{_SIGNED_CORE}[a-z0-9_@]"
_ACCOUNT = re.compile(r"@?[A-Za-z][A-Za-z0-9._-]{3,31}(?![\w@])")
_PLAIN = re.compile(r"[A-Z]?[a-z]+")
_MINE = re.compile(
    r"\"?'? is (?:my|his|her|the|their|our) (?:user ?name|login|handle|nick(?:name)?|screen ?name|gamertag)\b"
)
_MINE_SHAPE = (
    r" is (?:my|his|her|the|their|our) (?:user ?name|login|handle|nick(?:name)?|screen ?name|gamertag)\b"
)
# Who signs in by `ssh jdoe@host`, and accounts that their form tells: `anna#1234` of Discord, `live:anna.b` of Skype.
_REMOTE = re.compile(
    r"\b(?:ssh|scp|sftp|rsync|mosh) [^\n@]{0,80}?(?<![\w.@-])([A-Za-z_][\w.-]{1,31})@[\w.-]{2,64}"
)
_REMOTE_SHAPE = r"\b(?:ssh|scp|sftp|rsync|mosh) "
_TAGGED = re.compile(r"(?<![\w#])[A-Za-z][\w.]{1,31}#\d{4}(?!\w)|(?<!\w)live:\.?[a-z0-9][\w.-]{3,31}")
_TAGGED_SHAPE = r"discord|live:"
_REDDIT = re.compile(r"(?<![\w/.])/?u/[A-Za-z0-9_-]{3,20}(?![\w/])")
_AT = re.compile(
    r"(?:\b(?:by|from|as|to|with|via|follow|dm|message|ask|ping|cc|thanks|is|handle|user|account|tag|tagged|hi|hey|and|she uses|he uses|uses|using)|[:,(])\s$"
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
    if document.has_word("@"):
        yield from _handles(document)
    if document.has_word("u/"):
        for match in _REDDIT.finditer(document.text):
            yield hit("username", *match.span(), Label.USERNAME, 0.75)
    yield from _shaped(document)
    if document.has_shape(_SIGNED_SHAPE):
        yield from _signed(document)
    if document.has_shape(_MINE_SHAPE):
        yield from _mine(document)


def _shaped(document: Document) -> Iterator[Span]:
    """Accounts in the forms of their services."""
    if document.has_shape(_REMOTE_SHAPE):
        for match in _REMOTE.finditer(document.text):
            if match[1].lower() not in _NOBODY and match[1] != "git":
                yield hit("username", *match.span(1), Label.USERNAME, 0.75)
    if document.has_shape(_TAGGED_SHAPE):
        for match in _TAGGED.finditer(document.text):
            if "#" not in match[0] or "discord" in document.around(*match.span(), 60):
                yield hit("username", *match.span(), Label.USERNAME, 0.7)


def _signed(document: Document) -> Iterator[Span]:
    """`sign in as jdoe`, `my login is jdoe`: a word of letters alone must end its part of the sentence, or go on with what an account does."""
    text = document.text
    for lead in _SIGNED.finditer(document.lower):
        name = _ACCOUNT.match(text, lead.end())
        if name is None:
            continue
        value = name[0].rstrip(".-")
        end = lead.end() + len(value)
        plain = _PLAIN.fullmatch(value) is not None
        if (
            value.lower() in _NOBODY
            or value.lower() in _EVERYDAY
            or text[end : end + 1] in _CALLED
            or (plain and not _GOES_ON.match(document.lower, end))
        ):
            continue
        yield hit("username", lead.end(), end, Label.USERNAME, 0.65)


def _mine(document: Document) -> Iterator[Span]:
    for match in _MINE.finditer(document.lower):
        begin = match.start()
        while begin and (document.text[begin - 1].isalnum() or document.text[begin - 1] in "._-@"):
            begin -= 1
        value = document.text[begin : match.start()]
        if len(value) > 3 and value.lower() not in _NOBODY | _EVERYDAY:
            yield hit("username", begin, match.start(), Label.USERNAME, 0.65)


_CALLED = ("(", "[", "/", "=")
_GOES_ON = re.compile(
    r"[\"'`)]?(?:\s*$|[.,;:!?)\n]| (?:and|or|but|on|stopped|is|was|has|does|isn't|doesn't|no longer|cannot|can't|wants|from|with|to|at|for|if|when|then|instead)\b)"
)
_EVERYDAY = frozenset(
    "page screen form button data error failed account password credentials email e-mail mail google facebook apple github twitter microsoft linkedin your their "
    "this that which usual always never still again without before after details wants does should needs clicks enters input interface experience session "
    "field token name names list management agent group role profile settings process service code text prompt story stories request sees types gets "
    "either both another someone anyone everyone somebody instead phone fingerprint soon well they them these those here there what when where will".split()
)


def _handles(document: Document) -> Iterator[Span]:
    text = document.text
    for match in _HANDLE.finditer(text):
        start = match.start()
        if start and (text[start - 1].isalnum() or text[start - 1] in "./_-"):
            continue
        led = (
            start > 0
            and text[start - 1] != "\n"
            and (
                any(c.isdigit() or c == "_" for c in match[0])
                or _AT.search(document.before(start, 14)) is not None
            )
        )
        if led or any(place in document.around(start, match.end(), 60) for place in _PLACES):
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


_HINTS = ("discord", "live:", "user", "login", "benutzer", "gebruiker", "utilisateur", "/home/", "handle", "name", "@", "u/", "in as", "in with", "account", "profile")  # fmt: skip
USERNAME = Pattern(
    "username",
    (Label.USERNAME,),
    find,
    shape="|".join((any_of(*_HINTS), _SIGNED_SHAPE, _MINE_SHAPE)),
    lexicon=(*_NAMES, *_PLACES, *_HINTS, "users"),
    shapes=(_SIGNED_SHAPE, _MINE_SHAPE, _REMOTE_SHAPE, _TAGGED_SHAPE),
)
