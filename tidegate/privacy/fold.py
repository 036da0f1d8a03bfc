"""Letters that look alike become the letter they look like, and what cannot be seen is left out. Pure.

Folded are: typographic spaces, dashes and quotes; full-width, mathematical and circled letters; digits of every script;
accents stacked on a letter; invisible characters; and Cyrillic or Greek letters inside a word of Latin ones. A word wholly in
another script stays as it is.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from tidegate.privacy.offsets import SAME, OffsetMap, Weaver

# Invisible: soft hyphen, grapheme joiner, zero-width, bidi marks and embeddings, word joiner, BOM, variation selectors, tags.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\U000e0000-\U000e007f\U000e0100-\U000e01ef"
)
_MARKS = "\u0300-\u034e\u0350-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_SPECIAL = re.compile(f"[{_INVISIBLE}]+|[^{_MARKS}{_INVISIBLE}][{_MARKS}]+")
_HAS_SPECIAL = re.compile(f"[{_INVISIBLE}{_MARKS}]")
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_ASCII = bytes(range(128))
_FEW = 16  # kinds of characters that are replaced one after the other; more of them in one pass
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_WORD = re.compile(r"[^\W\d_]+")

_CYRILLIC = dict(
    zip(
        "АВЕЅІЇЈКМНОРСТУХЗЬаеѕіїјкорсухһԁԛԝтпгмнвзьбєёҽ",
        "ABESIIJKMHOPCTYX3baesiijkopcyxhdqwtnrmhb3bbeee",
        strict=True,
    )
)
_GREEK = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧανορτυικχεωηγσϲϳ", "ABEZHIKMNOPTYXavoptuikxewnyocj", strict=True))
_OTHERS = dict(zip("ɑɡɩʟᴀᴄᴅᴇᴊᴋᴍɴᴏᴘᴛᴜᴠᴡᴢꜱʀʏɪʜʙցհոօսєℓ", "agilacdejkmnoptuvwzsryihbghnouel", strict=True))
_CONFUSABLE = {ord(k): v for k, v in (_CYRILLIC | _GREEK | _OTHERS).items()}
_HAS_CONFUSABLE = re.compile(f"[{''.join(map(chr, _CONFUSABLE))}]")


@cache
def _look_alikes() -> dict[int, str]:
    """One character for one character, so that offsets stay."""
    table = {
        **{ord(c): " " for c in _SPACES},
        **{ord(c): "-" for c in _DASHES},
        **{0xFF01 + i: chr(0x21 + i) for i in range(94)},  # full-width ASCII
        **{0x24B6 + i: chr(0x41 + i) for i in range(26)},  # circled capitals, then small letters
        **{0x24D0 + i: chr(0x61 + i) for i in range(26)},
        **{0x1F130 + i: chr(0x41 + i) for i in range(26)},  # squared, negative circled, negative squared, regional indicators
        **{0x1F150 + i: chr(0x41 + i) for i in range(26)},
        **{0x1F170 + i: chr(0x41 + i) for i in range(26)},
        0x3002: ".", 0xFF61: ".", 0x2024: ".", 0xFE52: ".", 0xFE6B: "@",
        0x2019: "'", 0x2018: "'", 0x201C: '"', 0x201D: '"', 0x02BC: "'", 0x2032: "'",
    }  # fmt: skip
    for code in (*range(0x1D400, 0x1D800), *range(0x2100, 0x2140)):
        plain = unicodedata.normalize("NFKC", chr(code))
        if len(plain) == 1 and (plain.isascii() or code >= 0x1D6A8):
            table[code] = plain
    return table


def fold(source: str) -> tuple[str, OffsetMap]:
    """The folded text and the way back."""
    if source.isascii():
        return source, SAME
    strange = set(
        source.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass")
    )
    text, offsets = _plain(source, strange), SAME
    if _HAS_SPECIAL.search("".join(strange)):
        text, offsets = _seen(text)
    return (_one_script(text) if _HAS_CONFUSABLE.search(text) else text), offsets


def _plain(text: str, strange: set[str]) -> str:
    """`text` with look-alikes and digits of every script as what they look like; `strange` are its characters beyond ASCII."""
    table = _look_alikes()
    folded = {c: table[ord(c)] for c in strange if ord(c) in table}
    folded |= {c: str(unicodedata.decimal(c)) for c in strange if c not in folded and c.isdecimal()}
    if len(folded) > _FEW:
        several = str.maketrans(folded)
        return _NOT_ASCII.sub(lambda m: m[0].translate(several), text)
    for character, plain in folded.items():
        text = text.replace(character, plain)
    return text


def _seen(text: str) -> tuple[str, OffsetMap]:
    """Without what cannot be seen; a letter with its accents as one letter."""
    weaver = Weaver()
    position = 0
    for match in _SPECIAL.finditer(text):
        start, end = match.span()
        weaver.copy(text[position:start], position)
        if _HAS_SPECIAL.match(text[start]) is None:
            weaver.stand_for(_accented(match[0]), start, end - start)
        position = end
    weaver.copy(text[position:], position)
    return weaver.woven()


def _accented(cluster: str) -> str:
    """One letter with its first accent, if there is such a letter; further accents are decoration."""
    composed = unicodedata.normalize("NFC", cluster[:2])
    return composed if len(composed) == 1 else cluster[0]


def _one_script(text: str) -> str:
    """Words that mix Latin with look-alikes made Latin; so are words of look-alikes alone in a text of no such script."""
    strangers = {c for c in set(text) if c.isalpha() and not c.isascii() and ord(c) not in _CONFUSABLE}
    foreign = any(_script(c) for c in strangers)

    def plain(match: re.Match[str]) -> str:
        word = match[0]
        if word.isascii() or _HAS_CONFUSABLE.search(word) is None:
            return word
        if any(c.isascii() for c in word) or (not foreign and all(ord(c) in _CONFUSABLE for c in word)):
            return word.translate(_CONFUSABLE)
        return word

    return _WORD.sub(plain, text)


def _script(character: str) -> bool:
    """Whether it is a Greek or Cyrillic letter that looks like no Latin one: then the text really is in that script."""
    return 0x370 <= ord(character) <= 0x52F
