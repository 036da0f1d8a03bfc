"""Passwords and PINs beside their name, in prose, settings, JSON and connection strings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_NAMES = (
    "password", "passwd", "pwd", "passphrase", "passcode", "passwort", "kennwort", "mot de passe", "wachtwoord", "contraseña",
    "password_hash", "db_pass", "pass",
)  # fmt: skip
_PINS = (
    "pin code",
    "pin-code",
    "pincode",
    "pin",
    "security code",
    "cvv",
    "cvc",
    "cvv2",
    "otp",
    "verification code",
)
_VALUE = re.compile(r"[^\s\"'<>{}\[\]$,;]{3,128}")
_DIGITS = re.compile(r"\d{3,8}(?![\w.])")
_CALL = re.compile(r"[A-Za-z_][\w.]{0,60}\(|(?:self|os|args|this|config|settings|request)\.[a-z_]")
_PLAIN = re.compile(r"[A-Za-z_.]+")
_TYPES = (
    "bool",
    "int",
    "float",
    "None",
    "str",
    "string",
    "text",
    "bytes",
    "expected",
    "Optional",
    "SecretStr",
)
_NO_VALUE = frozenset(
    "null none true false string str required optional undefined empty is was the a an my your our must should cannot can will "
    "reset expired wrong incorrect invalid missing changed unknown redacted hidden protected not too here below above input field "
    "hash ist falsch leer est obligatoire".split()
)


def find(document: Document) -> Iterator[Span]:
    for match in beside(document, _NAMES, _VALUE, strict=True):
        start, end = match.start(), _unpunctuated(document.text, *match.span())
        value = document.text[start:end]
        if (
            end - start >= 3
            and value.lower() not in _NO_VALUE
            and set(value) != {"*"}
            and _meant(document, start, value)
        ):
            yield hit("password", start, end, Label.PASSWORD, 0.85)
    for match in beside(document, _PINS, _DIGITS):
        yield hit("password", *match.span(), Label.PASSWORD, 0.75)


def _meant(document: Document, start: int, value: str) -> bool:
    """Not code (`pwd = read(x)`, `pwd=pwd`, `password = auth`); after "is" no plain word (`password is required`)."""
    before = document.before(start, 14)
    quoted = document.text[start - 1] in "\"'"
    if (
        value[0] == "("
        or before.rstrip("\"': =").endswith("$pwd")  # the shell's working directory
        or value.lower() == "pass"
        or _CALL.match(value)
        or (not quoted and before.endswith((f"{value.lower()}=", f"{value.lower()}: ")))
    ):
        return False
    plain = _PLAIN.fullmatch(value) is not None
    if quoted or (":" in before[-3:] and not plain) or before.endswith((":", "=")):
        return True
    if before.endswith(": "):
        return value not in _TYPES
    return not plain or (value.isalpha() and not value.islower() and not value.istitle())


def _unpunctuated(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1] in ".,;:)?":
        end -= 1
    return end


PASSWORD = Pattern(
    "password",
    (Label.PASSWORD,),
    find,
    words=(
        "pass",
        "pwd",
        "kennwort",
        "wachtwoord",
        "contrase",
        "mot de passe",
        "pin",
        "code",
        "cvv",
        "cvc",
        "otp",
    ),
    lexicon=(*_NAMES, *_PINS),
)
