"""Other readings of a text: escapes decoded, letters that were spread out put together, base64 and hexadecimal opened. Pure.

A reading holds only the neighbourhood of what was rewritten, so that it costs little; its map leads back to the text.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tidegate.privacy.offsets import OffsetMap, Weaver

ESCAPED = r"%[0-9a-f][0-9a-f]|&#x?[0-9a-f]{2,6};|&[a-z]{2,8};|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\\[nrt]"
SPREAD = r"(?:^|[^\pL\pN])[\pL\pN](?:[ ._*|/,\-][\pL\pN]){3}(?:$|[^\pL\pN])"
PACKED = r"[a-z0-9+/_-]{16}"
SHAPES = (ESCAPED, SPREAD, PACKED)

_ESCAPE = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+|&#(?:\d{2,6}|x[0-9A-Fa-f]{2,5});|&[A-Za-z]{2,8};|(?:\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2})+|\\[nrt](?=[A-Z0-9\"'+(\\-])"
)
_CODE_UNIT = re.compile(r"\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})")
# Single letters or digits, four or more, with one and the same mark between: `J-o-h-n`, `J o h n`, `s.m.i.t.h`.
_SPREAD = re.compile(r"(?<![^\W_])[^\W_]([ ._*|/,-])[^\W_](?:\1[^\W_]){2,60}(?![^\W_])")
_PACKED = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{16,}={0,2}(?![A-Za-z0-9+/_=-])")
_HEXADECIMAL = re.compile(r"(?:[0-9A-Fa-f]{2}){8,}")
_AROUND = (
    100  # characters on either side that belong to a reading: what stands beside a value tells what it is
)
_FEWEST_LETTERS = 4

_Find = tuple[int, int, str]  # where, and what it reads as


@dataclass(frozen=True, slots=True)
class Reading:
    """`text`, and the way back to the text it was read from."""

    text: str
    offsets: OffsetMap


@dataclass(frozen=True, slots=True)
class Parcel:
    """What stood packed in `[start, end)`."""

    start: int
    end: int
    text: str


def is_escape(text: str, at: int) -> bool:
    """Whether `text[at]` is the letter of an escaped break, as JSON writes it: the n of `\\n`."""
    return at > 0 and text[at - 1] == "\\" and text[at] in "nrt"


def unescaped(text: str) -> Reading | None:
    """Percent-encoding, HTML entities, JSON and C escapes decoded; None when nothing was."""
    found = [
        (m.start(), m.end(), plain) for m in _ESCAPE.finditer(text) if (plain := _plain(m[0])) is not None
    ]
    return _reading(text, found) if found else None


def gathered(text: str) -> Reading | None:
    """Letters and digits that were spread out, put together; None when there are none."""
    found = [
        (m.start(), m.end(), m[0][::2])
        for m in _SPREAD.finditer(text)
        if sum(c.isalpha() for c in m[0][::2]) >= _FEWEST_LETTERS or m[0][::2].isdigit()
    ]
    return _reading(text, found, each=2) if found else None


def parcels(text: str) -> Iterator[Parcel]:
    """Tokens of base64 or hexadecimal that hold text of their own."""
    for match in _PACKED.finditer(text):
        inside = _opened(match[0])
        if inside is not None:
            yield Parcel(match.start(), match.end(), inside)


def _plain(escape: str) -> str | None:
    """What an escape stands for; None when it stands for itself or for nothing that can be read."""
    if escape[0] == "%":
        plain = urllib.parse.unquote_to_bytes(escape).decode("utf-8", "replace")
    elif escape[0] == "&":
        plain = html.unescape(escape)
    elif len(escape) == 2:
        plain = {"n": "\n", "r": "\n", "t": " "}[escape[1]]
    else:
        units = "".join(chr(int(m[1] or m[2], 16)) for m in _CODE_UNIT.finditer(escape))
        plain = units.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return plain if plain and plain != escape and "\ufffd" not in plain else None


def _reading(text: str, found: list[_Find], *, each: int = 0) -> Reading:
    """The neighbourhoods of what was found, with it rewritten, joined by blank lines. `each`: every character stands for one place."""
    weaver = Weaver()
    for first, last, inside in _neighbourhoods(found, len(text)):
        weaver.copy("\n\n" if first else "", first)
        position = first
        for start, end, plain in inside:
            weaver.copy(text[position:start], position)
            if each:
                for place, character in enumerate(plain):
                    weaver.stand_for(character, start + place * each, 1)
            else:
                weaver.stand_for(plain, start, end - start)
            position = end
        weaver.copy(text[position:last], position)
    woven, offsets = weaver.woven()
    return Reading(woven, offsets)


def _neighbourhoods(found: list[_Find], size: int) -> Iterator[tuple[int, int, list[_Find]]]:
    """Finds whose surroundings touch, together: (first, last, finds)."""
    group: list[_Find] = []
    for find in found:
        if group and find[0] - _AROUND > group[-1][1] + _AROUND:
            yield max(0, group[0][0] - _AROUND), group[-1][1] + _AROUND, group
            group = []
        group.append(find)
    if group:
        yield max(0, group[0][0] - _AROUND), min(size, group[-1][1] + _AROUND), group


def _opened(token: str) -> str | None:
    for opener in _OPENERS:
        inside = opener(token)
        if inside is not None and _readable(inside):
            return inside
    return None


def _from_hexadecimal(token: str) -> str | None:
    if _HEXADECIMAL.fullmatch(token) is None:
        return None
    return _decoded(bytes.fromhex(token))


def _from_base64(token: str) -> str | None:
    body = token.rstrip("=").replace("-", "+").replace("_", "/")
    if len(body) % 4 == 1:
        return None
    try:
        return _decoded(base64.b64decode(body + "=" * (-len(body) % 4), validate=True))
    except (binascii.Error, ValueError):
        return None


_OPENERS: tuple[Callable[[str], str | None], ...] = (_from_hexadecimal, _from_base64)


def _decoded(raw: bytes) -> str | None:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _readable(text: str) -> bool:
    """Text that a person wrote: letters, and hardly any control characters."""
    odd = sum(not (c.isprintable() or c in "\n\r\t") for c in text)
    return len(text) >= 8 and odd * 20 <= len(text) and sum(c.isalnum() for c in text) * 2 >= len(text)
