"""What was said long ago, in its own words: the sentences that say most, in their order, within a bound. Pure, the same each time.

A sentence counts by its words: rare ones more than common ones (their inverse frequency among the sentences), those of the person's last
question twice, what the person said themselves and what holds figures a little more; what is said already counts for nothing. Nothing is
rephrased, and a sentence is taken whole or not at all, so that no half of a name or of a number stands alone.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tidegate.chat import Message, Role

HEAD = "Earlier in this conversation, shortened:"
_ENDS = re.compile(r"(?<=[.!?])\s+|\s*\n+\s*")
_WORD = re.compile(r"\d+(?:[.,]\d+)*|\w{3,}")
_MOST = 2000  # sentences that are looked at: the newest
_ASKED, _OWN, _FIGURES = 2.0, 0.3, 0.15
_SAID = 0.8  # of its words have been said: nothing new


@dataclass(frozen=True, slots=True)
class _Sentence:
    turn: int
    who: str
    text: str = field(repr=False)
    words: frozenset[str] = field(repr=False)


def summary(messages: Sequence[Message], texts: Sequence[str], question: str, most: int) -> str:
    """At most `most` characters of what `messages` say; empty when nothing fits. `texts`: their contents as they are quoted."""
    found = list(_sentences(messages, texts))[-_MOST:]
    weights = _weights(found)
    asked = _words(question)
    order = sorted(
        range(len(found)), key=lambda at: (-_worth(found[at], weights, asked), -found[at].turn, at)
    )
    taken: list[int] = []
    said: set[str] = set()
    used = len(HEAD)
    for at in order:
        one = found[at]
        room = len(one.text) + len(one.who) + 3
        if used + room > most or not one.words or len(one.words & said) > _SAID * len(one.words):
            continue
        taken.append(at)
        said |= one.words
        used += room
    return _told([found[at] for at in sorted(taken)])


def _told(taken: Sequence[_Sentence]) -> str:
    """Who said what, one line per turn."""
    lines: list[str] = []
    turn = -1
    for one in taken:
        if one.turn == turn:
            lines[-1] += f" {one.text}"
        else:
            lines.append(f"{one.who}: {one.text}")
            turn = one.turn
    return "\n".join([HEAD, *lines]) if lines else ""


def _sentences(messages: Sequence[Message], texts: Sequence[str]) -> Iterable[_Sentence]:
    for turn, (message, text) in enumerate(zip(messages, texts, strict=True)):
        who = {Role.TOOL: f"{message.name or 'tool'} gave"}.get(message.role, str(message.role))
        for piece in _ENDS.split(text.removeprefix(HEAD)):  # a summary of a summary has no second head
            if piece.strip():
                yield _Sentence(turn, who, piece.strip(), _words(piece))
        for call in message.tool_calls:
            yield _Sentence(turn, who, f"[called {call.name}]", _words(call.name))


def _words(text: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in _WORD.findall(text))


def _weights(found: Sequence[_Sentence]) -> Mapping[str, float]:
    """How much a word says: little when it stands in many sentences."""
    counts = Counter(word for one in found for word in one.words)
    return {word: math.log(1 + len(found) / count) for word, count in counts.items()}


def _worth(one: _Sentence, weights: Mapping[str, float], asked: frozenset[str]) -> float:
    """Per word, so that a long sentence is no better than two short ones; a single word says little."""
    total = sum(weights[word] * (_ASKED if word in asked else 1.0) for word in sorted(one.words))
    worth = total / (len(one.words) + 3)
    own = _OWN if one.who == Role.USER else 0.0
    return worth * (1.0 + own + (_FIGURES if any(letter.isdigit() for letter in one.text) else 0.0))
