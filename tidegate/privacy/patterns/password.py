"""Passwords and PINs beside their name, in prose, settings, JSON and connection strings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_FOREIGN = (
    "пароль", "hasło", "heslo", "senha", "lösenord", "salasana", "adgangskode", "jelszó", "şifre", "parola", "パスワード", "密码", "密碼", "비밀번호",
)  # fmt: skip
_NAMES = (
    "password", "passord", "passwd", "pwd", "passphrase", "passcode", "passwort", "kennwort", "mot de passe", "wachtwoord", "contraseña",
    "password_hash", "db_pass", "pass", "pw", "pgpassword", "redispassword", *_FOREIGN,
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
# Behind a space or in the cell of a table, where `password policy` stands too: letters, digits and a sign, all three.
_MIXED = re.compile(
    r"(?=\S{0,40}[A-Za-z])(?=\S{0,40}\d)(?=\S{0,40}[!@#$%^&*?~+])[A-Za-z0-9!@#$%^&*?~+._-]{6,64}(?![\w(])"
)
_MIXED_NAMES = ("password", "passwd", "passwort", "pw", "pwd", "passphrase", "kennwort", "wachtwoord")
# On a command line: `mysql -pSecret`, `sshpass -p secret`, `curl -u anna:secret`.
_TYPED = re.compile(
    r"\b(?:mysql(?:dump|admin)?|mariadb)\b[^\n|;&]{0,80}? -p['\"]?([^\s'\"-][^\s'\"]{2,63})|\bsshpass -p ?['\"]?([^\s'\"]{3,64})"
    r"|\b(?:curl|wget|http)\b[^\n|;&]{0,120}? (?:-u|--user|--proxy-user) ?=?['\"]?[^\s'\":]{1,64}:([^\s'\"$]{3,64})|\s--pass(?:word)? ['\"]?([^\s'\"$<-][^\s'\"]{2,63})"
)
_TYPED_SHAPE = r" -p|sshpass| -u| --(?:proxy-)?user|--pass"
_OWN = re.compile(
    r"\b(?:my|his|her|their|our|the)(?: [a-z-]{2,12})? (?:password|passphrase|passcode) (?:is|was):? $"
)
_ENDS = re.compile(r"[.!?,;)](?:\s|$)|\s*(?:\n|$)| (?:and|but|so|please|thanks)\b")
_LONG_WORD = 18  # letters: longer than what is said of a password
_DIGITS = re.compile(r"\d{3,8}(?![\w.])")
_CALL = re.compile(r"[A-Za-z_][\w.]{0,60}\(|(?:self|os|args|this|config|settings|request)\.[a-z_]")
_SAID_OF_PASSWORDS = frozenset(
    "weak strong secure safe stolen gone lost old new correct right fine okay ok good bad short long simple complex broken insecure unsafe temporary "
    "default visible secret private public same different unique random enough too it that this there known shown kept sent set what why when how where "
    "who yours mine easy hard great terrible awful useless empty blank better worse longer shorter stronger weaker out up everything nothing something "
    "mandatory obsolete".split()
)
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
    for match in beside(document, _MIXED_NAMES, _MIXED):
        yield hit("password", match.start(), _unpunctuated(document.text, *match.span()), Label.PASSWORD, 0.7)
    if document.has_shape(_TYPED_SHAPE):
        for match in _TYPED.finditer(document.text):
            yield hit("password", *match.span(match.lastindex or 0), Label.PASSWORD, 0.8)
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
    if not plain or (value.isalpha() and not value.islower() and not value.istitle()):
        return True
    return value.isalpha() and (len(value) >= _LONG_WORD or _somebodys(document, start, value))


def _somebodys(document: Document, start: int, value: str) -> bool:
    """`my password is swordfish`: of somebody, at the end of its part of the sentence, and nothing that is said of passwords."""
    return (
        _OWN.search(document.before(start, 44)) is not None
        and _ENDS.match(document.text, start + len(value)) is not None
        and value.lower() not in _SAID_OF_PASSWORDS
        and not value.lower().endswith(("ed", "able", "ing", "ive", "al", "ly"))
    )


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
        "pw",
        "kennwort",
        "wachtwoord",
        "contrase",
        "mot de passe",
        "pin",
        "code",
        "cvv",
        "cvc",
        "otp",
        "sshpass",
        " -u",
        " --user",
        " --proxy-user",
        " -p",
        *_FOREIGN,
    ),
    lexicon=(*_NAMES, *_PINS),
    shapes=(_TYPED_SHAPE,),
)
