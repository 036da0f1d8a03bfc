"""Commitments to private values: the cloud can check exactly whether one of them stands in a text, without being sent them.

A commitment is HMAC-SHA-256(salt, normal form), cut to 16 bytes. The salt is fresh per escalation, so commitments of two
requests cannot be joined. It is no encryption: who holds the salt can test guesses, and a phone number can be guessed. It is
meant for the operator's own validator; treat a stored one like the value it commits to.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Collection

SIZE = 16
SHORTEST = 4  # a normal form below this would be found in innocent text
WINDOW = 12  # a value of more words than this is found by its pieces only

_WORD = re.compile(r"[^\W_]+")


def normal_form(value: str) -> str:
    """Letters and digits only, compatibility-folded, caseless: `+49 (30) 901` and `+4930901` are one value."""
    folded = unicodedata.normalize("NFKC", value).casefold()
    return "".join(_WORD.findall(folded))


def commit(salt: bytes, value: str) -> bytes | None:
    """The commitment to a value, or None when its normal form is too short to be told from ordinary words."""
    normal = normal_form(value)
    if len(normal) < SHORTEST:
        return None
    return _digest(salt, normal)


def leaks(text: str, salt: bytes, commitments: Collection[bytes]) -> tuple[tuple[int, int], ...]:
    """Where committed values stand in `text`, as (start, end) in code points. At most WINDOW digests per word."""
    if not commitments:
        return ()
    wanted = frozenset(commitments)
    words = [(m.start(), m.end(), normal_form(m[0])) for m in _WORD.finditer(text)]
    found: list[tuple[int, int]] = []
    for index, (start, _, _) in enumerate(words):
        joined = ""
        for _, end, word in words[index : index + WINDOW]:
            joined += word
            if len(joined) >= SHORTEST and _digest(salt, joined) in wanted:
                found.append((start, end))
    return tuple(found)


def _digest(salt: bytes, normal: str) -> bytes:
    return hmac.digest(salt, normal.encode(), "sha256")[:SIZE]
