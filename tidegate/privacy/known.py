"""Where values that a conversation has hidden stand again: letter by letter, as whole words; a full name by its surname too.

Values are looked up by one of their words, so that the time of a look does not grow with their number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.placeholders import LITERAL
from tidegate.privacy.spans import Label, Span

# A known value below this length is not looked for again: it would be found inside innocent text.
_SHORTEST = 4
_SHORTEST_SURNAME = 5
_FEW = 24  # values that are quicker looked for one by one
_WORD = re.compile(r"[^\W_]+")
_SCORE = 0.9


class Known:
    """The values of one conversation, in memory only."""

    __slots__ = ("_by_word", "_odd", "_values")

    def __init__(self) -> None:
        self._values: list[tuple[str, Label]] = []
        # By one word of a value: how many characters stand before that word in it, the value, its kind.
        self._by_word: dict[str, list[tuple[int, str, Label]]] = {}
        self._odd: list[tuple[str, Label]] = []  # without a letter or digit

    def add(self, kind: str, value: str) -> None:
        """From now on looked for; not what the user's text said by itself (LITERAL), and nothing short."""
        if kind == LITERAL:
            return
        if len(value) >= _SHORTEST:
            self._add(value, Label(kind))
        if kind == Label.PERSON and (surname := _surname(value)):
            self._add(surname, Label.PERSON)

    def clear(self) -> None:
        """Forgets them."""
        self._values.clear()
        self._by_word.clear()
        self._odd.clear()

    def repeats(self, text: str) -> Iterator[Span]:
        """Every place where one of them stands, overlaps allowed."""
        if len(self._values) <= _FEW:
            yield from _each(text, self._values)
            return
        yield from _each(text, self._odd)
        for word in _WORD.finditer(text):
            for offset, value, label in self._by_word.get(word[0], ()):
                at = word.start() - offset
                if at >= 0 and text.startswith(value, at) and _whole(text, at, at + len(value)):
                    yield Span(at, at + len(value), label, _SCORE, "vault")

    def _add(self, value: str, label: Label) -> None:
        self._values.append((value, label))
        words = [(word[0], word.start()) for word in _WORD.finditer(value)]
        if not words:
            self._odd.append((value, label))
            return
        # Thousands of phone numbers begin with the same code: the word that fewest values share leads to it.
        rarest, offset = min(words, key=lambda word: (len(self._by_word.get(word[0], ())), -len(word[0])))
        self._by_word.setdefault(rarest, []).append((offset, value, label))


def _surname(name: str) -> str:
    """The last word of a full name, when it is long enough not to be an everyday word; else nothing."""
    words = name.split()
    last = words[-1] if len(words) > 1 else ""
    return last if len(last) >= _SHORTEST_SURNAME and last[0].isupper() else ""


def _each(text: str, values: list[tuple[str, Label]]) -> Iterator[Span]:
    for value, label in values:
        at = text.find(value)
        while at >= 0:
            end = at + len(value)
            if _whole(text, at, end):
                yield Span(at, end, label, _SCORE, "vault")
            at = text.find(value, end)


def _whole(text: str, start: int, end: int) -> bool:
    return not (start and text[start - 1].isalnum()) and not (end < len(text) and text[end].isalnum())
