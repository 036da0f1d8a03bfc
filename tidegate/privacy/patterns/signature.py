"""Names in the places letters have for them: `From: Jane Doe <`, `Dear Anna,`, the line after `Kind regards,`, `Signed: `."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.title import SHAPE
from tidegate.privacy.spans import Label, Span

_WORD = r"[A-ZÀ-ÖØ-ÞĀ-Ž][\w'’-]{0,23}"
_NAME = rf"{_WORD}\.?(?: (?:(?:van|von|de|der|den|del|la|di|da|ten|ter|zu|bin|al) ){{0,2}}{_WORD}\.?){{0,3}}"
_HEADER = re.compile(
    rf"^[>\s]{{0,4}}(?:From|To|Cc|Bcc|Reply-To|Sender|Von|An|De|À|Para|Van|Aan|Signed(?: by)?|Author|Attn|Attention|Prepared by|Contact):[ \t]{{0,3}}\"?({_NAME})\"?(?=[ \t]{{0,2}}(?:<|\(|,|;|$))",
    re.MULTILINE,
)
_GREETING = re.compile(
    rf"(?:^|[\n\"'>] ?|[.!?] )(?:Dear|Hi|Hello|Hey|Hallo|Liebe[rs]?|Bonjour|Cher|Chère|Beste|Hola|Estimad[oa]|Ciao|Gentile),? ({_NAME})(?=[,!.:\n]|$)"
)
_CLOSING = re.compile(
    r"\b(?:regards|sincerely|cheers|yours truly|yours faithfully|thanks|thank you|best|mit freundlichen grüßen|viele grüße|liebe grüße|freundliche grüße|cordialement"
    rf"|bien à vous|met vriendelijke groet(?:en)?|groeten|saludos|cordiali saluti),?[ \t]{{0,3}}\r?\n{{1,3}}[ \t]{{0,4}}(?-i:({_NAME}))[ \t]*(?=\r?\n|$)",
    re.IGNORECASE,
)
_NOBODY = frozenset(
    "sir madam all team customer customers colleague colleagues everyone friend friends hiring support there world diary god lord santa user "
    "users reader readers valued sirs folks guys damen herren kollegen kolleginnen sehr zusammen monsieur madame tous toutes allemaal the your "
    "my our it is this that again to from and i we you they he she if when please thanks thank good no yes siri alexa google monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december".split()
)


_TITLE = re.compile(f"(?:{SHAPE}){{1,3}}")


def find(document: Document) -> Iterator[Span]:
    for gate, shape, score in _PLACES:
        for match in shape.finditer(document.text) if document.has_shape(gate) else ():
            if not _NOBODY & {word.lower().rstrip(".") for word in match[1].split()}:
                start, end = match.start(1), match.start(1) + len(match[1].rstrip("."))
                title = _TITLE.match(document.lower, start, end)
                if title is None:
                    yield hit("signature", start, end, Label.PERSON, score)
                elif title.end() < end:  # the title is a find of its own
                    yield hit("signature", title.end(), end, Label.PERSON, score)


_PLACES = (
    (
        r"\b(?:from|to|cc|bcc|reply-to|sender|von|an|de|para|van|aan|signed|signed by|author|attn|attention|prepared by|contact):|à:",
        _HEADER,
        0.75,
    ),
    (
        r"\b(?:dear|hi|hello|hey|hallo|liebe[rs]?|bonjour|cher|chère|beste|hola|estimad[oa]|ciao|gentile)\b,? [^\n]{1,140}(?:[,!.:\n]|$)",
        _GREETING,
        0.7,
    ),
    (
        r"\b(?:regards|sincerely|cheers|truly|faithfully|thanks|thank you|best|grüßen?|cordialement|vous|groet|groeten|saludos|saluti),?[ \t]{0,3}\r?\n",
        _CLOSING,
        0.75,
    ),
)
SIGNATURE = Pattern(
    "signature",
    (Label.PERSON,),
    find,
    shape="|".join(gate for gate, _, _ in _PLACES),
    shapes=tuple(gate for gate, _, _ in _PLACES),
)
