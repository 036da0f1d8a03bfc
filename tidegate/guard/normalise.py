"""The readings of a text in which an order to the model may hide. Pure, bounded: each step is linear in the text.

Look-alike letters, invisible characters and encodings change what a scanner sees and not what a model understands
(published attacks reach 100 % against guards that skip this), so a text is scored in each of its readings.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

MAX_VIEWS: Final = 24
MAX_DECODED: Final = 8
SEGMENT: Final = 280  # code points: about one window's worth of tokens, a few sentences
_SHORTEST: Final = 24

# Tag characters (U+E0020..U+E007E) mirror ASCII and draw nothing: text a person cannot see.
_TAGS: Final = re.compile("[\U000e0020-\U000e007e]+")
_HIDDEN: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{24,8192}={0,2}")
_HEX: Final = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{2}[ :]?){16,2048}")
_PERCENT: Final = re.compile(r"(?:%[0-9A-Fa-f]{2}|[\w.+-]){8,4096}")
_BREAK: Final = re.compile(r"(?<=[.!?])\s+|\n+")

# Letters of other scripts that read as Latin ones; the common part of Unicode's confusables.
_LOOKALIKES: Final = str.maketrans(
    "аеорсухіјѕԁһԛԝВЕКМНОРСТХАІЈЅαορτυνικχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsdhqwBEKMHOPCTXAIJSaoptuvikxABEZHIKMNOPTYX",
)
_LATIN: Final = re.compile("[A-Za-z]")
_WORDS: Final = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Views:
    """`plain` is the text as a model reads it; `others` are decoded and cut readings; `hidden` what was invisible."""

    plain: str
    others: tuple[str, ...]
    hidden: str
    invisible: int  # characters that draw nothing


def views(text: str) -> Views:
    """All readings of `text`, at most `MAX_VIEWS` beside the plain one."""
    hidden = "".join(chr(ord(c) - 0xE0000) for run in _TAGS.findall(text) for c in run)
    seen, invisible = _HIDDEN.subn("", text)
    plain = unlike(unicodedata.normalize("NFKC", seen))
    others = [hidden] if len(hidden) >= _SHORTEST // 2 else []
    others += _decoded(plain)
    others += _segments(plain, MAX_VIEWS - len(others))
    return Views(plain, tuple(others), hidden, invisible)


def unlike(text: str) -> str:
    """Look-alike letters as the Latin ones they imitate, in words that mix scripts; a Russian word stays Russian."""
    if text.isascii():
        return text
    return _WORDS.sub(lambda match: _latin(match[0]), text)


def _latin(word: str) -> str:
    if word.isascii():
        return word
    swapped = word.translate(_LOOKALIKES)
    return swapped if swapped.isascii() or _LATIN.search(word) else word


def _decoded(text: str) -> list[str]:
    found: list[str] = []
    for raw in _candidates(text):
        read = _readable(raw)
        if read and read not in found:
            found.append(read)
        if len(found) == MAX_DECODED:
            break
    return found


def _candidates(text: str) -> Iterator[bytes]:
    for match in _BASE64.finditer(text):
        body = match[0].rstrip("=").replace("-", "+").replace("_", "/")
        try:
            yield base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
        except (binascii.Error, ValueError):
            continue
    for match in _HEX.finditer(text):
        digits = re.sub("[ :]", "", match[0])
        yield bytes.fromhex(digits[: len(digits) // 2 * 2])
    for match in _PERCENT.finditer(text):
        if match[0].count("%") >= 3:
            yield unquote(match[0]).replace("+", " ").encode("utf-8", "replace")


def _readable(raw: bytes) -> str:
    """The text in `raw`, or nothing when it is not text."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    plain = sum(character.isalpha() or character in " .,:;!?'\"-\n/" for character in text)
    return text if len(text) >= _SHORTEST // 2 and plain >= 0.9 * len(text) else ""


def _segments(text: str, room: int) -> list[str]:
    """Parts of a long text on their own: an order of one sentence drowns in a page. None for a short text."""
    if len(text) <= SEGMENT:
        return []
    parts: list[str] = []
    held = ""
    for sentence in _BREAK.split(text):
        if held and len(held) + len(sentence) >= SEGMENT:
            parts.append(held)
            held = ""
        held = f"{held} {sentence}" if held else sentence
        while len(held) > SEGMENT:
            parts.append(held[:SEGMENT])
            held = held[SEGMENT:]
        if len(parts) >= room:
            return parts[:room]
    return [*parts, held][:room] if held else parts
