"""Giving up a draft while it is written, when it will be escalated anyway. Pure; what the engine calls after each token.

What is expected of the draft is read off its tokens so far and only counts when it falls: the least of these is compared
with a threshold. That threshold is chosen on held-out drafts so that at most LOST of those that would have been kept are
given up: as likely less as more (SURE); when too few drafts are known, nothing is given up. Tokens are told apart by what they
decide, the tool's name or a value, since a model that is unsure of a call is unsure there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tidegate.engines.port import TokenScore
from tidegate.risk.calibrate import Curve
from tidegate.risk.held_out import HeldOut
from tidegate.risk.promise import allowed

LOST = 0.01  # of the drafts that would have been kept
SURE = 0.5  # that it is not more
NAME_OPEN = 3
_FLOOR = -20.0
PREFIX: tuple[str, ...] = (
    "pass_odds", "call_odds", "first_entropy", "so_far", "sum_logprob", "min_logprob", "max_entropy", "min_margin",
    "last_logprob", "last_entropy", "tools", "params", "words", "named_yet", "after_name",
    "name_logprob", "name_margin", "name_entropy", "value_logprob", "value_margin", "value_sum",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Prefix:
    """A draft so far, in numbers. `asked`: what was known before the first token (`features.before`)."""

    asked: Mapping[str, float]
    tokens: int = 0
    sum_logprob: float = 0.0
    min_logprob: float = 0.0
    max_entropy: float = 0.0
    min_margin: float = 20.0
    last_logprob: float = 0.0
    last_entropy: float = 0.0
    name: tuple[float, float, float] = (
        0.0,
        20.0,
        0.0,
    )  # of its tokens: worst logprob, worst margin, most entropy
    value: tuple[float, float, float] = (
        0.0,
        20.0,
        0.0,
    )  # the same after the name: worst logprob, worst margin, sum
    quotes: int = 0  # three open the tool's name, the fourth closes it: {"name": "..."

    def then(self, token: TokenScore) -> Prefix:
        """One token further."""
        logprob = max(token.logprob, _FLOOR)
        name, value, quotes = self.name, self.value, self.quotes + token.text.count('"')
        if self.quotes == NAME_OPEN:
            name = (min(name[0], logprob), min(name[1], token.margin), max(name[2], token.entropy))
        elif quotes > NAME_OPEN:
            value = (min(value[0], logprob), min(value[1], token.margin), max(value[2] + logprob, -30.0))
        return replace(
            self,
            tokens=self.tokens + 1,
            sum_logprob=max(self.sum_logprob + logprob, -60.0),
            min_logprob=min(self.min_logprob, logprob),
            max_entropy=max(self.max_entropy, token.entropy),
            min_margin=min(self.min_margin, token.margin),
            last_logprob=logprob,
            last_entropy=token.entropy,
            name=name,
            value=value,
            quotes=quotes,
        )

    def row(self) -> dict[str, float]:
        """The features named by PREFIX."""
        asked = {name: self.asked.get(name, 0.0) for name in PREFIX if name in self.asked}
        return asked | {
            "so_far": math.log1p(self.tokens),
            "sum_logprob": self.sum_logprob,
            "min_logprob": self.min_logprob,
            "max_entropy": self.max_entropy,
            "min_margin": min(self.min_margin, 20.0),
            "last_logprob": self.last_logprob,
            "last_entropy": self.last_entropy,
            "named_yet": float(self.quotes > NAME_OPEN),
            "after_name": math.log1p(self.tokens) if self.quotes > NAME_OPEN else 0.0,
            "name_logprob": self.name[0],
            "name_margin": min(self.name[1], 10.0),
            "name_entropy": self.name[2],
            "value_logprob": self.value[0],
            "value_margin": min(self.value[1], 10.0),
            "value_sum": self.value[2],
        }


class Hope:
    """The engine's `should_stop`: told each token, it says whether the draft is given up. One per draft; not thread-safe."""

    def __init__(self, curve: Curve, asked: Mapping[str, float], give_up_below: float) -> None:
        self._curve, self._prefix, self._below = curve, Prefix(asked), give_up_below
        self.lowest = 1.0

    def should_stop(self, token: TokenScore) -> bool:
        """Whether the draft so far, this token included, is expected to be escalated."""
        self._prefix = self._prefix.then(token)
        self.lowest = min(self.lowest, self._curve.probability(self._prefix.row()))
        return self.lowest < self._below

    def at_start(self) -> bool:
        """The same before the first token."""
        self.lowest = min(self.lowest, self._curve.probability(self._prefix.row()))
        return self.lowest < self._below


def lowest(curve: Curve, asked: Mapping[str, float], tokens: Sequence[TokenScore]) -> float:
    """The least that is expected of a finished draft at any point of its writing."""
    hope = Hope(curve, asked, 0.0)
    hope.at_start()
    for token in tokens:
        hope.should_stop(token)
    return hope.lowest


def give_up_below(found: HeldOut | None, keep_at: float) -> float:
    """The threshold for `Hope`: at most LOST of the drafts with P(right) from `keep_at` on fall below it, SURE of that.

    0 (never give up) when the outcomes say nothing about it; 1 when nothing is kept anyway, and writing is of no use.
    """
    if found is None or not found.lowest:
        return 0.0
    if keep_at > 1:
        return 1.0
    kept = sorted(low for low, sure in zip(found.lowest, found.sure, strict=True) if sure >= keep_at)
    room = allowed(len(kept), LOST, 1 - SURE)
    return kept[room] if 0 <= room < len(kept) else 0.0
