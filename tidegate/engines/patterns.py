"""Regular expressions of a schema that would make llama.cpp's grammar explode. Pure.

Its matcher follows every way in which a token can be read. Each part that may be left out doubles the ways where it can match what
follows it: `((a?){20}){20}` takes a minute for one token, in one call that nobody can stop. So the parts that may be left out are
counted, those in a repeated group as often as it is repeated.
"""

from __future__ import annotations

import re

from tidegate.chat import JSON

MOST_OPTIONAL = 16
_COUNTED = re.compile(r"\{(\d*)(,?)(\d*)\}")
_SKIPPED = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)


def explodes(schema: JSON) -> bool:
    """Whether a pattern anywhere in a schema has more optional parts than can be matched in time."""
    match schema:
        case dict():
            pattern = schema.get("pattern")
            own = isinstance(pattern, str) and optional_parts(pattern) > MOST_OPTIONAL
            return own or any(explodes(value) for value in schema.values())
        case list():
            return any(explodes(value) for value in schema)
        case _:
            return False


def optional_parts(pattern: str) -> int:
    """How many parts of a pattern may be left out, written out. Never raises: what is no pattern is found elsewhere."""
    counts = [0]
    at = 0
    while at < len(pattern):
        skipped = _SKIPPED.match(pattern, at)
        sign, at = pattern[at], skipped.end() if skipped else at + 1
        if sign == "(":
            counts.append(0)
            continue
        inner = counts.pop() if sign == ")" and len(counts) > 1 else 0
        least, most, at = _repeats(pattern, at)
        counts[-1] += inner * max(most, 1) + (least < most)
    return sum(counts)


def _repeats(pattern: str, at: int) -> tuple[int, int, int]:
    """The quantifier at a place: least, most (without a bound: as often as once), and where it ends."""
    sign = pattern[at : at + 1]
    if sign in ("?", "*"):
        return 0, 1, at + 1
    if sign == "+":
        return 1, 1, at + 1
    found = _COUNTED.match(pattern, at)
    if found is None or not (found.group(1) or found.group(3)):
        return 1, 1, at
    least = int(found.group(1)[:9] or 0)
    most = int(found.group(3)[:9]) if found.group(3) else least
    return least, most, found.end()
