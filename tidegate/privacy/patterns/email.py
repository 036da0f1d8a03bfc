"""E-mail addresses, also with the at sign written `%40`, `&#64;`, `[at]` with `[dot]`, and with letters of any script."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_OTHER_SIGNS = ("%40", "&#", "\\u0040", "at]", "at)", "at}", "at>", "at ]", "at )", "at }", "at >")
_PLAIN_AT = re.compile("@")
_AT = re.compile(r"@|%40|&#64;|&#x40;|\\u0040| ?[\[({<] ?at ?[\])}>] ?", re.IGNORECASE)
_DOMAIN = re.compile(r"[\w-]{1,63}(?:(?:\.|\u2024| ?[\[({<] ?dot ?[\])}>] ?)[\w-]{1,63}){1,8}", re.IGNORECASE)
_DOTS = re.compile(r" ?[\[({<] ?dot ?[\])}>] ?", re.IGNORECASE)
# `anna at example dot org`, with nothing but the words.
_IN_WORDS = re.compile(
    r"(?<![\w.])\w[\w.+-]{0,63} (?:at|AT|@) ([\w-]{1,63})(?: (?:dot|DOT) [A-Za-z][\w-]{1,62}){1,3}(?!\w)"
)
_IN_WORDS_SHAPE = r" (?:at|@) [a-z0-9_-]+ dot [a-z]"
# `mail: anna @ example.org`: spaces around the sign, where the line speaks of mail.
_APART = re.compile(
    r"(?<![\w.])\w[\w.+-]{0,63}(?: @ ?|@ )[\w-]{1,63}(?:\.[\w-]{1,63}){0,3}\.[A-Za-z]{2,14}(?!\w)"
)
_APART_SHAPE = r"[a-z0-9_](?: @|@ ) ?[a-z0-9-]+\."
_MAIL = ("mail", "contact", "reach", "write to", "address", "kontakt", "correo")
_BRACKETED_IP = re.compile(r"\[[0-9A-Fa-f:.]{3,45}\]")
_LOCAL_MARKS = "._%+-'"  # RFC 5322 allows more, but `email=a@b.de` and `a@b.de|c@d.de` are what texts hold
_GLUED = re.compile(
    r"(com|org|net|edu|de|fr|nl|uk|eu)\d"
)  # `a@b.com555-0100`: a number follows without a space
# What ends an address that is said in words: `meet at noon dot dot dot` is none.
_ENDINGS = frozenset(
    "com org net edu gov info biz io de fr nl uk eu at ch it es pl be se dk fi ie us ca au nz jp in br me co".split()
)
_LONGEST_LOCAL = 64  # RFC 5321 section 4.5.3.1.1


def find(document: Document) -> Iterator[Span]:
    text = document.text
    for match in (_AT if document.has_word(*_OTHER_SIGNS) else _PLAIN_AT).finditer(text):
        start = _local_start(text, match.start())
        if start == match.start():
            continue
        end = _domain_end(text, match.end())
        if end > match.end() and not _repository(document, start, end):
            yield hit("email", start, end, Label.EMAIL_ADDRESS, 0.95)
    yield from _spoken(document)


def _spoken(document: Document) -> Iterator[Span]:
    """Addresses written in words, or with their sign apart."""
    if document.has_shape(_IN_WORDS_SHAPE):
        for match in _IN_WORDS.finditer(document.text):
            if match[0].rsplit(" ", 1)[1].lower() in _ENDINGS:
                yield hit("email", *match.span(), Label.EMAIL_ADDRESS, 0.8)
    if document.has_shape(_APART_SHAPE) and document.has_word(*_MAIL):
        for match in _APART.finditer(document.text):
            if any(word in document.before(match.start(), 30) for word in _MAIL):
                yield hit("email", *match.span(), Label.EMAIL_ADDRESS, 0.8)


def _local_start(text: str, at: int) -> int:
    """Where the local part before `at` begins; a quoted local part is taken whole."""
    if at and text[at - 1] == '"':
        opening = text.rfind('"', max(0, at - _LONGEST_LOCAL), at - 1)
        return opening if opening >= 0 else at
    start = at
    while start > max(0, at - _LONGEST_LOCAL) and (
        text[start - 1].isalnum() or text[start - 1] in _LOCAL_MARKS
    ):
        start -= 1
    while start < at and not (text[start].isalnum() or text[start] in "_+"):
        start += 1
    return start


def _domain_end(text: str, start: int) -> int:
    """Where the domain from `start` on ends, or `start` when it is none: the last label must be letters, two or more."""
    literal = _BRACKETED_IP.match(text, start)
    if literal is not None:
        return literal.end()
    match = _DOMAIN.match(text, start)
    if match is None:
        return start
    labels = _DOTS.sub(".", match[0]).split(".")
    end = match.end()
    glued = _GLUED.match(labels[-1])
    if len(labels) > 1 and glued is not None:
        return end - len(labels[-1]) + glued.end(1)
    while len(labels) > 1 and not _top_level(labels[-1]):
        end = text.rfind(".", start, end)
        labels.pop()
        if end < 0:
            return start
    return end if len(labels) > 1 else start


def _top_level(label: str) -> bool:
    return (label.isalpha() and 2 <= len(label) <= 24) or label.lower().startswith("xn--")


def _repository(document: Document, start: int, end: int) -> bool:
    """`git@host.org:team/project` names a service, not a person."""
    return document.text[start:end].startswith("git@") and document.text[end : end + 1] == ":"


EMAIL = Pattern(
    "email",
    (Label.EMAIL_ADDRESS,),
    find,
    shape=r"@|%40|&#64;|&#x40;|\\u0040|[\[({<] ?at ?[\])}>]| at [a-z0-9_-]+ dot [a-z]",
    lexicon=(*_OTHER_SIGNS, *_MAIL),
    shapes=(_IN_WORDS_SHAPE, _APART_SHAPE),
)
