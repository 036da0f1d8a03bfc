"""Keeps a conversation within a budget before it is priced: what was said last stays, what was said long ago becomes a summary. Pure.

Kept whole: system prompts, tools (they are not touched here), the person's last question and the last turns. Old tool results are cut
to their beginning first, oldest first; then whole old exchanges go, a call always together with its result, and what they said
is summed up in their own words where they stood (`edge.summary`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from edge.summary import summary
from tidegate.chat import Message, Role

KEEP_LAST = 6  # messages that are never shortened or dropped
HEAD_CHARS = 160  # of a shortened tool result
SUMMARY = 0.25  # of the budget, for the summary of what goes
_TRIES = 4

Measure = Callable[[Sequence[Message]], int]  # tokens of the prompt with these messages


@dataclass(frozen=True, slots=True)
class Economy:
    """What was done to a conversation: numbers alone. `tokens_before` and `tokens` are of the whole prompt."""

    dropped: int = 0  # messages left out
    summed: int = 0  # of them, messages that a summary stands for
    shortened: int = 0  # tool results cut to their beginning
    tokens_before: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What is read instead, and what that cost."""

    messages: tuple[Message, ...] = field(repr=False)
    economy: Economy

    @property
    def changed(self) -> bool:
        return bool(self.economy.shortened or self.economy.dropped)


def told(done: Economy) -> str:
    """What was done, in words for a person."""
    return (
        f"{done.tokens_before} to {done.tokens} tokens: {done.shortened} results shortened, "
        f"{done.dropped} messages left out, {done.summed} of them summed up"
    )


def touchable(messages: Sequence[Message]) -> bool:
    """Whether any of these messages is old enough to be shortened or left out."""
    return any(one.role is not Role.SYSTEM for one in messages[:-KEEP_LAST])


def trim(
    messages: Sequence[Message], budget: int, measure: Measure, texts: Sequence[str] | None = None
) -> Trimmed:
    """The messages within `budget` tokens, as far as the rules allow. A budget of 0 is no budget.

    `texts`: the messages' contents as they may be quoted, one each; absent: as they are.
    """
    before = measure(messages)
    untouched = Trimmed(tuple(messages), Economy(tokens_before=before, tokens=before))
    if not budget or before <= budget:
        return untouched
    quoted = list(texts) if texts is not None else [one.content for one in messages]
    old = [at for at in range(len(messages) - KEEP_LAST) if messages[at].role is Role.TOOL]
    cut = least(len(old), lambda many: measure(_cut(messages, quoted, old[:many])) <= budget)
    now = _cut(messages, quoted, old[:cut])
    shortened = sum(1 for one, new in zip(messages, now, strict=True) if one is not new)
    cost = measure(now)
    if cost <= budget:
        return Trimmed(tuple(now), Economy(0, 0, shortened, before, cost))
    going = _exchanges(messages)
    room = int(budget * SUMMARY)
    many = least(len(going), lambda n: measure(_without(now, going[:n])) <= budget - room)
    gone = {at for exchange in going[:many] for at in exchange}
    left = sum(1 for at, one in enumerate(messages) if at not in gone and one is not now[at])
    if not gone:
        return replace(untouched, messages=tuple(now), economy=Economy(0, 0, left, before, cost))
    return _summed(messages, now, quoted, gone, Economy(len(gone), 0, left, before), budget, measure)


def least(most: int, enough: Callable[[int], bool]) -> int:
    """The smallest number up to `most` that is enough (more is too, once less is); `most` when none is. Asks about log2(most) times."""
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle + 1
    return low


def shorten(message: Message, text: str) -> Message:
    """The message with the beginning of `text` alone, whole words, and how much is missing; the same when that would save nothing."""
    if len(text) <= HEAD_CHARS + 40:
        return message
    head = text[: HEAD_CHARS + 1].rpartition(" ")[0] or ""
    return replace(message, content=f"{head} [shortened: {len(head)} of {len(text)} characters]".lstrip())


def _cut(messages: Sequence[Message], texts: Sequence[str], places: Sequence[int]) -> list[Message]:
    now = list(messages)
    for at in places:
        now[at] = shorten(now[at], texts[at])
    return now


def _without(messages: Sequence[Message], going: Sequence[range]) -> list[Message]:
    gone = {at for exchange in going for at in exchange}
    return [one for at, one in enumerate(messages) if at not in gone]


def _summed(
    messages: Sequence[Message],
    now: Sequence[Message],
    texts: Sequence[str],
    gone: set[int],
    done: Economy,
    budget: int,
    measure: Measure,
) -> Trimmed:
    """The kept messages with a summary of the others where they began, shorter until it fits, or none."""
    kept = [one for at, one in enumerate(now) if at not in gone]
    place = min(gone)
    cost = measure(kept)
    told = sorted(gone)
    question = next(
        (text for one, text in zip(messages[::-1], texts[::-1], strict=True) if one.role is Role.USER), ""
    )
    per_token = sum(map(len, texts)) / max(done.tokens_before, 1)
    room = int((budget - cost) * per_token)
    for _ in range(_TRIES):
        text = summary([messages[at] for at in told], [texts[at] for at in told], question, room)
        if not text:
            break
        made = [*kept[:place], _note(text, kept, place), *kept[place:]]
        whole = measure(made)
        if whole <= budget:
            return Trimmed(tuple(made), replace(done, summed=len(gone), tokens=whole))
        room = room * 2 // 3
    return Trimmed(tuple(kept), replace(done, tokens=cost))


def _note(text: str, kept: Sequence[Message], place: int) -> Message:
    """The summary as a turn: of the person where that keeps turns alternating, else of the assistant; never with a system's authority."""
    before = kept[place - 1].role if place else Role.SYSTEM
    return Message(Role.ASSISTANT if before is Role.USER else Role.USER, text)


def _exchanges(messages: Sequence[Message]) -> list[range]:
    """What may go, oldest first: turns with the results that answer them.

    The person's last question is always kept: it is what the whole conversation is for.
    """
    question = max((at for at, one in enumerate(messages) if one.role is Role.USER), default=-1)
    starts = [at for at, one in enumerate(messages) if not at or one.role is not Role.TOOL]
    found = [range(at, end) for at, end in zip(starts, [*starts[1:], len(messages)], strict=True)]
    return [
        one
        for one in found
        if one.stop <= len(messages) - KEEP_LAST
        and one.start != question
        and messages[one.start].role is not Role.SYSTEM
    ]
