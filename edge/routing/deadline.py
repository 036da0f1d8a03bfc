"""How long a request should wait for the cloud when the device already has a worse answer of its own. Pure.

The estimate is a quantile of the replies seen lately. A call that ran out of time counts as one that takes for ever, until a
reply comes; what is older than `age_s` counts no more. What is not waited for is sent all the same, and its answer comes late:
so it is noticed when the cloud is quick again.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isinf

KEPT = 16  # replies remembered: few, so that a cloud that has got slower, or faster, is soon known to be


@dataclass(frozen=True, slots=True)
class Patience:
    """`quantile` of the recent replies must fit into the time left; below `fewest` of them nothing is assumed."""

    quantile: float = 0.9
    fewest: int = 3
    age_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Latency:
    """The last replies: (moment, seconds), newest last. Moments are monotonic."""

    seen: tuple[tuple[float, float], ...] = ()


def observed(latency: Latency, seconds: float, *, now: float) -> Latency:
    """One more reply. Pass infinity for one that did not come in time: those count until the next that does."""
    kept = latency.seen if isinf(seconds) else tuple(one for one in latency.seen if not isinf(one[1]))
    return Latency((*kept[-(KEPT - 1) :], (now, seconds)))


def expected(
    latency: Latency, *, now: float, patience: Patience, open_s: float | None = None
) -> float | None:
    """Seconds within which a reply should come: the smallest that `quantile` of the recent ones did not exceed, and no less
    than `open_s`, for which a call has been out without a word since. None while too little is known."""
    recent = sorted(seconds for at, seconds in latency.seen if now - at <= patience.age_s)
    if len(recent) < patience.fewest:
        return open_s
    at = min(int(patience.quantile * len(recent)), len(recent) - 1)
    return recent[at] if open_s is None else max(recent[at], open_s)


def worth_waiting(left_s: float, expected_s: float | None, *, has_answer: bool) -> float:
    """Seconds to wait for the cloud. With an answer of the device in hand: none when the cloud is not expected within the
    time left. Without one: all the time there is, since nothing else can come."""
    left = max(left_s, 0.0)
    if has_answer and expected_s is not None and expected_s > left:
        return 0.0
    return left
