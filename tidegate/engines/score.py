"""From logits to a choice and what confidence needs to know about it. Pure, numpy."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Choice:
    """The token taken and the model's own view of it (before temperature, top_p or grammar). Natural logarithms."""

    token: int
    logprob: float
    entropy: float
    margin: float
    top: tuple[tuple[int, float], ...]
    forced: bool = False  # the model would have taken another token, had it been allowed


def choose(
    logits: Logits, allowed: Logits, *, temperature: float, top_p: float, draw: Callable[[], float], top: int
) -> Choice:
    """Takes a token among `allowed` (`logits`, or a masked copy): greedy at temperature 0, else nucleus sampling."""
    return describe(logits, pick(allowed, temperature=temperature, top_p=top_p, draw=draw), top)


def pick(allowed: Logits, *, temperature: float, top_p: float, draw: Callable[[], float]) -> int:
    """The token alone: see `choose`."""
    return int(allowed.argmax()) if temperature <= 0 else _nucleus(allowed, temperature, top_p, draw())


def describe(logits: Logits, token: int, top: int) -> Choice:
    """What the model thought of `token` and of its alternatives.

    The cost of a token beside the model's own: every pass over the vocabulary counts.
    """
    best = int(logits.argmax())
    shifted = logits - logits[best]
    odds = np.exp(shifted)
    total = float(odds.sum(dtype=np.float64))
    scale = math.log(total)
    # Single precision can step over either bound by its last digit.
    entropy = min(max(scale - float(odds.dot(shifted)) / total, 0.0), math.log(len(logits)))
    logprob = float(shifted[token]) - scale
    if top > 2:
        order = first_of(shifted, top)
        margin = float(-shifted[order[1]]) if len(order) > 1 else 0.0
        alternatives = tuple((t, float(shifted[t]) - scale) for t in order)
    else:
        shifted[best] = -np.inf
        second = int(shifted.argmax())
        margin = float(-shifted[second]) if len(shifted) > 1 else 0.0
        alternatives = ((best, -scale), (second, -margin - scale))[: min(top, len(shifted))]
    return Choice(token, logprob, entropy, margin, alternatives)


def first_of(values: Logits, count: int) -> list[int]:
    """The indices of the `count` highest values, highest first, the lower index first among equals."""
    if count < len(values):
        least = np.partition(values, len(values) - count)[len(values) - count]
        likely = np.flatnonzero(values >= least)
    else:
        likely = np.arange(len(values))
    order = likely[np.argsort(-values[likely], kind="stable")[:count]]
    return [int(index) for index in order]


def mass(logits: Logits, token: int) -> float:
    """The probability of one token."""
    wide = logits.astype(np.float64)
    odds = np.exp(wide - wide.max())
    return float(odds[token] / odds.sum())


def _nucleus(allowed: Logits, temperature: float, top_p: float, point: float) -> int:
    """Inverse-transform sampling over the smallest set of tokens that holds `top_p` of the mass."""
    scaled = allowed.astype(np.float64) / temperature
    odds = np.exp(scaled - scaled.max())
    odds /= odds.sum()
    order = np.argsort(-odds, kind="stable")
    running = np.cumsum(odds[order])
    inside = int(np.searchsorted(running, min(top_p, 1.0) - 1e-12)) + 1
    at = int(np.searchsorted(running[:inside], point * running[min(inside, len(running)) - 1], side="right"))
    return int(order[min(at, inside - 1, len(order) - 1)])
