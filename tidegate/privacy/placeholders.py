"""The grammar of placeholders, pure and shared by both tiers: `[PERSON_1·k3f9]`.

    [ KIND _ NUMBER · NONCE CHECK ]

KIND is a `Label` or LITERAL (user text that already looked like a placeholder); NUMBER counts from 1 per kind; NONCE is
three characters of the conversation; CHECK is one character over the rest, so that a digit a model changed is noticed.
All tag characters are in an alphabet of 31 (no 0, 1, i, l, o): 31 is prime, so any one changed character and any two
swapped neighbours in number or tag change the check.

Models bend placeholders. Tolerated, because they cannot be read in two ways: letter case; another dot, a hyphen or a colon
for `·`, or its JSON, HTML or mis-decoded form; Markdown's backslashes before brackets and underscores. Not tolerated: a missing
tag (`[PERSON_1]` is what people write too), missing brackets, spaces inside. Those are plain text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tidegate.privacy.spans import Label

LITERAL = "LITERAL"
KINDS = frozenset(label.value for label in Label) | {LITERAL}
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
NONCE_LENGTH = 3
MAX_LENGTH = 72  # the longest bent form; also the longest stretch a stream holds back
SEPARATOR = "·"

_VALUE = {character: index for index, character in enumerate(ALPHABET)}
_SEPARATORS = r"·|•|∙|⋅|‧|・|\.|:|-|\\u00[bB]7|Â·|&middot;|&#183;"
_SHAPE = re.compile(
    r"(?P<open>\\?)\[(?P<kind>[A-Za-z](?:\\?_|[A-Za-z]){1,30})\\?_(?P<number>[1-9][0-9]{0,6})"
    rf"\\?(?P<separator>{_SEPARATORS})(?P<tag>[2-9A-HJKMNP-Za-hjkmnp-z]{{4}})(?P<close>\\?)\]"
)
_CANDIDATE = re.compile(r"[\w\\·•∙⋅‧・.:&#;-]*")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One placeholder as it stands at `text[start:end]`. `intact`: known kind and right check character."""

    start: int
    end: int
    kind: str
    number: int
    tag: str
    intact: bool
    canonical: bool

    @property
    def name(self) -> str:
        """The form a vault made it in."""
        return f"[{self.kind}_{self.number}{SEPARATOR}{self.tag}]"


@dataclass(frozen=True, slots=True)
class Incomplete:
    """The text ends before it can be known whether a placeholder begins at `start`."""

    start: int


def check_character(kind: str, number: int, nonce: str) -> str:
    """One character over kind, number and nonce: a polynomial mod 31 at base 3 (both prime, so order matters)."""
    total = 0
    for character in kind:
        total = (total * 3 + ord(character) % 31) % 31
    for digit in str(number):
        total = (total * 3 + int(digit) + 1) % 31
    for character in nonce:
        total = (total * 3 + _VALUE[character]) % 31
    return ALPHABET[total]


def make(kind: str, number: int, nonce: str) -> str:
    """The canonical placeholder."""
    return f"[{kind}_{number}{SEPARATOR}{nonce}{check_character(kind, number, nonce)}]"


def next_placeholder(text: str, start: int = 0, *, final: bool = True) -> Placeholder | Incomplete | None:
    """The first placeholder at or after `start`, or None.

    With `final` False the text may go on: Incomplete says from where on nothing can be decided yet, at most
    MAX_LENGTH characters before the end. Decisions depend on those characters alone, so chunking cannot change them.
    """
    at = text.find("[", start)
    while at >= 0:
        found = placeholder_at(text, at, start, final=final)
        if found is not None:
            return found
        at = text.find("[", at + 1)
    if not final and text.endswith("\\"):
        return Incomplete(max(start, len(text) - 1))
    return None


def find_placeholders(text: str) -> tuple[Placeholder, ...]:
    """All placeholders in order, intact or not. Linear in the text."""
    found: list[Placeholder] = []
    position = 0
    while isinstance(one := next_placeholder(text, position), Placeholder):
        found.append(one)
        position = one.end
    return tuple(found)


def placeholder_at(text: str, at: int, start: int, *, final: bool) -> Placeholder | Incomplete | None:
    """What the opening bracket at `at` begins, an escape before it included when that is not before `start`. None for plain text."""
    if at + 1 < len(text) and not text[at + 1].isalpha():
        return None
    begin = at - 1 if at > start and text[at - 1] == "\\" else at
    inside = _CANDIDATE.match(text, at + 1, begin + MAX_LENGTH - 1)  # room for the bracket that closes it
    end = inside.end() if inside is not None else at + 1
    if end >= len(text):
        return None if final else Incomplete(begin)
    if text[end] != "]":
        return None
    escaped = text[end - 1] == "\\"
    match = _SHAPE.fullmatch(text, begin if escaped else at, end + 1)
    return None if match is None else _placeholder(match)


def _placeholder(match: re.Match[str]) -> Placeholder | None:
    """None for a bent form whose check fails: then it is just text in brackets."""
    kind = match["kind"].replace("\\", "").upper()
    number = int(match["number"])
    tag = match["tag"].lower()
    intact = kind in KINDS and check_character(kind, number, tag[:NONCE_LENGTH]) == tag[NONCE_LENGTH]
    if not intact and match["separator"] != SEPARATOR:
        return None
    one = Placeholder(match.start(), match.end(), kind, number, tag, intact, canonical=False)
    if match[0] != one.name:
        return one
    return Placeholder(match.start(), match.end(), kind, number, tag, intact, canonical=True)
