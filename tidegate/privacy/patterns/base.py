"""What a pattern detector is: a name, a cheap test whether it should run at all, and a finder. One per file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tidegate.privacy.document import Document
from tidegate.privacy.spans import Label, Span


@dataclass(frozen=True, slots=True)
class Pattern:
    """`wants` may only err towards True; `find` gives spans in offsets of `document.text`, overlaps allowed."""

    name: str
    labels: tuple[Label, ...]
    wants: Callable[[Document], bool]
    find: Callable[[Document], Iterable[Span]]


def hit(name: str, start: int, end: int, label: Label, score: float, *, valid: bool = False) -> Span:
    """A span found by pattern `name`."""
    return Span(start, end, label, score, f"pattern:{name}", valid)


def digits_of(text: str) -> str:
    """The ASCII digits of a text."""
    return "".join(c for c in text if c in "0123456789")


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B: doubling every second digit from the right, the sum is a multiple of ten."""
    total = 0
    for index, character in enumerate(reversed(digits)):
        value = int(character)
        if index % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0
