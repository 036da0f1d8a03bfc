"""What a pattern detector is: a name, what must occur in a text for it to run, and a finder. One per file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tidegate.privacy.document import Document
from tidegate.privacy.linear import escape
from tidegate.privacy.spans import Label, Span


# Each is one of a kind, so compared and hashed by identity: that happens thousands of times a second.
@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """`find` gives spans in offsets of `document.text`, overlaps allowed. The rest says when it need not be asked:

    without a digit (`digits`), without any of the lower-case `words`, without the RE2 `shape` (over lower-case text).
    `lexicon` and `shapes` are what else the finder asks the document about, so that one pass answers for all of it.
    """

    name: str
    labels: tuple[Label, ...]
    find: Callable[[Document], Iterable[Span]]
    digits: bool = False
    words: tuple[str, ...] = ()
    shape: str = ""
    lexicon: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()

    def wants(self, document: Document) -> bool:
        """Whether the text could hold such a thing at all; errs only towards True."""
        if self.digits and not document.has_digit:
            return False
        if self.words and not document.has_word(*self.words):
            return False
        return not self.shape or document.has_shape(self.shape)


def hit(name: str, start: int, end: int, label: Label, score: float, *, valid: bool = False) -> Span:
    """A span found by pattern `name`."""
    return Span(start, end, label, score, f"pattern:{name}", valid)


_SHORT = 4


def any_of(*words: str) -> str:
    """A shape that occurs where any of the words does."""
    return "|".join(map(escape, words))


def any_place_of(*words: str) -> str:
    """A shape that occurs where `Document.places` has a place: words of up to four letters with no letter of ASCII beside them."""
    whole = "|".join(escape(word) for word in words if len(word) <= _SHORT)
    others = any_of(*(word for word in words if len(word) > _SHORT))
    return "|".join(
        part for part in (f"(?:^|[^a-z])(?:{whole})(?:$|[^a-z])" if whole else "", others) if part
    )


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
