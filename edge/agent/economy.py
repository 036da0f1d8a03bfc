"""Keeps a conversation within a budget before it is priced: what was said last stays, what tools said long ago shrinks. Pure.

Kept whole: system prompts, tools (they are not touched here) and the last turns. Older tool results are cut to their
beginning first, oldest first; then whole old exchanges go, a call always together with its result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from tidegate.chat import Message, Role

KEEP_LAST = 6  # messages that are never shortened or dropped
HEAD_CHARS = 160  # of a shortened tool result

Measure = Callable[[Sequence[Message]], int]  # tokens of the prompt with these messages


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What is sent, and what that cost: `kept` are the places of the messages that stayed."""

    messages: tuple[Message, ...] = field(repr=False)
    kept: tuple[int, ...]
    shortened: int = 0
    dropped: int = 0
    tokens_before: int = 0
    tokens: int = 0

    @property
    def changed(self) -> bool:
        return bool(self.shortened or self.dropped)


def trim(messages: Sequence[Message], budget: int, measure: Measure) -> Trimmed:
    """The messages within `budget` tokens, as far as the rules allow. A budget of 0 is no budget."""
    places = list(range(len(messages)))
    now = list(messages)
    before = measure(now)
    cost = before
    shortened = dropped = 0
    for at in _old(now, Role.TOOL):
        if not budget or cost <= budget:
            break
        shorter = shorten(now[at])
        if shorter is not now[at]:
            now[at] = shorter
            shortened += 1
            cost = measure(now)
    while budget and cost > budget:
        going = _oldest_exchange(now)
        if not going:
            break
        now = [one for at, one in enumerate(now) if at not in going]
        places = [place for at, place in enumerate(places) if at not in going]
        dropped += len(going)
        cost = measure(now)
    return Trimmed(tuple(now), tuple(places), shortened, dropped, before, cost)


def shorten(message: Message) -> Message:
    """The message with its beginning alone, and how much is missing; the same when that would save nothing."""
    text = message.content
    if len(text) <= HEAD_CHARS + 40:
        return message
    return replace(
        message, content=f"{text[:HEAD_CHARS]} [shortened: {HEAD_CHARS} of {len(text)} characters]"
    )


def _old(messages: Sequence[Message], role: Role) -> list[int]:
    return [at for at in range(len(messages) - KEEP_LAST) if messages[at].role is role]


def _oldest_exchange(messages: Sequence[Message]) -> set[int]:
    """The oldest turn that may go, with the results that answer it; empty when nothing may.

    The person's last question is always kept: it is what the whole conversation is for.
    """
    question = max((at for at, one in enumerate(messages) if one.role is Role.USER), default=-1)
    starts = [at for at, one in enumerate(messages) if not at or one.role is not Role.TOOL]
    for at, end in zip(starts, [*starts[1:], len(messages)], strict=True):
        if end > len(messages) - KEEP_LAST:
            break
        if at != question and messages[at].role is not Role.SYSTEM:
            return set(range(at, end))
    return set()
