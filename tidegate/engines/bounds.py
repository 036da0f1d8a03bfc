"""What a schema may ask of the grammar that is made of it. Pure.

Measured on llama.cpp as of llama-cpp-python 0.3.36: `maxLength: 2000` is refused by its grammar parser, `maxLength: 45000` ends the
process (its parser recurses for each optional repetition), and `maxLength: 1000000000` fills the memory before it gets there.
"""

from __future__ import annotations

import re

from tidegate.chat import JSON

MOST_REPEATS = 512  # an upper bound above this is left out: an answer is bounded by its tokens anyway
MOST_NEEDED = 4096  # a lower bound above this is refused: no answer would be long enough
MOST_NESTED = 1000  # parentheses within parentheses of a grammar
_UPPER, _LOWER = ("maxLength", "maxItems"), ("minLength", "minItems")
_NAMED = (
    "properties",
    "$defs",
    "definitions",
    "patternProperties",
)  # names of the application, each with a schema
_VALUES = ("enum", "const", "default", "examples")  # values, whatever they look like
_COUNTS = re.compile(r"\{\s*(\d*)\s*,?\s*(\d*)\s*\}")
_QUIET = re.compile(r'"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]')  # literals and character classes of GBNF


class Unbounded(ValueError):
    """The schema asks for more repetitions than can be written."""


def tamed(schema: JSON) -> JSON:
    """The schema without upper bounds that are too large to spell out. Raises Unbounded for the rest of them."""
    match schema:
        case dict():
            return {key: _member(key, value) for key, value in schema.items() if not _too_large(key, value)}
        case list():
            return [tamed(one) for one in schema]
        case _:
            return schema


def _member(key: str, value: JSON) -> JSON:
    if key in _VALUES:
        return value
    if key in _NAMED and isinstance(value, dict):
        return {name: tamed(one) for name, one in value.items()}
    if key in _LOWER and _number(value) > MOST_NEEDED:
        raise Unbounded(key)
    if key == "pattern" and isinstance(value, str):
        counts = [int(text[:9]) for pair in _COUNTS.findall(value) for text in pair if text]
        if max(counts, default=0) > MOST_REPEATS:
            raise Unbounded(key)
    return tamed(value)


def _too_large(key: str, value: JSON) -> bool:
    return key in _UPPER and _number(value) > MOST_REPEATS


def _number(value: JSON) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(min(value, 10**9))  # an int may be too large for a float


def nesting(grammar: str) -> int:
    """How deep the parentheses of a GBNF text go; those inside literals do not count."""
    depth = deepest = 0
    for mark in re.findall(r"[()]", _QUIET.sub("", grammar)):
        depth += 1 if mark == "(" else -1
        deepest = max(deepest, depth)
    return deepest
