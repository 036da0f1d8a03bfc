"""A promise about answers kept on the device, tested before it is made. Pure; exact; the standard library alone.

"At most `wrong_at_most` of the answers kept are wrong, with `with_confidence`": learn-then-test (Angelopoulos et al. 2021) by
fixed-sequence testing. Thresholds are tried from a start towards keeping more; each is tested at the whole level, and the
first failure ends the walk, so that the chance of ever accepting a threshold that breaks the promise is at most
1 - with_confidence. The start is chosen from the scores and never from the outcomes: that keeps the level.

Given how many answers a threshold keeps, the wrong ones among them are binomial: the test is the exact binomial tail. For
losses between 0 and 1 that are not 0 or 1 it is the bound of Hoeffding and Bentkus (Bates et al. 2021).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from tidegate.errors import BadConfig

STEPS = 60  # thresholds tried at most
ESCALATE_ALL = 1.01  # a threshold above every P(right)


@dataclass(frozen=True, slots=True)
class Promise:
    """What the operator states. Shares in 0..1. Raises BadConfig when it can never be or always is true."""

    wrong_at_most: float
    with_confidence: float = 0.95

    def __post_init__(self) -> None:
        if not 0 < self.wrong_at_most < 1 or not 0 < self.with_confidence < 1:
            raise BadConfig(
                "a promise needs wrong_at_most and with_confidence between 0 and 1, both ends left out",
                hint="for example wrong_at_most = 0.02, with_confidence = 0.95",
            )

    @property
    def level(self) -> float:
        """How often the promise may turn out wrong."""
        return 1 - self.with_confidence

    @property
    def fewest(self) -> int:
        """Answers that must be seen, all of them right, before anything can be promised."""
        return math.ceil(math.log(self.level) / math.log1p(-self.wrong_at_most))


@dataclass(frozen=True, slots=True)
class Kept:
    """A threshold that passed: keep answers with P(right) of at least `keep_at`. Counts are of the outcomes tested on."""

    keep_at: float
    kept: int
    wrong: float
    of: int

    @property
    def coverage(self) -> float:
        return self.kept / self.of


@dataclass(frozen=True, slots=True)
class Infeasible:
    """No threshold passed: escalate everything. `must_escalate` is the feasibility line; `fewest` see `Promise`."""

    of: int
    wrong: float
    must_escalate: float
    fewest: int
    keep_at: float = ESCALATE_ALL


Verdict = Kept | Infeasible


def decide(sure: Sequence[float], loss: Sequence[float], promise: Promise) -> Verdict:
    """The threshold that keeps most while the promise holds. `loss`: 0 right .. 1 wrong; `sure`: P(right), made without
    these outcomes (held-out rows, not cross-fitted ones, when the guarantee shall be exact)."""
    order = sorted(range(len(sure)), key=lambda at: -sure[at])
    ends = _ends([sure[at] for at in order])
    lost, total = [0.0], 0.0
    for at in order:
        total += loss[at]
        lost.append(total)
    found: Kept | None = None
    for count in _walk([sure[at] for at in order], ends, promise):
        if not passes(lost[count], count, promise, whole=all(x in {0.0, 1.0} for x in loss)):
            break
        found = Kept(sure[order[count - 1]], count, lost[count], len(order))
    if found is not None:
        return found
    share = total / len(order) if order else 1.0
    return Infeasible(len(order), total, feasibility_line(share, promise.wrong_at_most), promise.fewest)


def feasibility_line(wrong: float, wrong_at_most: float) -> float:
    """The share that must be escalated however well right and wrong are told apart: (mu - alpha) / (1 - alpha)."""
    return max(0.0, (wrong - wrong_at_most) / (1 - wrong_at_most))


def passes(lost: float, kept: int, promise: Promise, *, whole: bool = True) -> bool:
    """Whether `lost` among `kept` speaks against a loss above `wrong_at_most`, at the promise's level."""
    if whole:
        return round(lost) <= allowed(kept, promise.wrong_at_most, promise.level)
    return hoeffding_bentkus(lost / kept, kept, promise.wrong_at_most) <= promise.level if kept else False


@lru_cache(maxsize=1 << 16)
def allowed(kept: int, wrong_at_most: float, level: float) -> int:
    """The most wrong answers among `kept` with which a promise passes; -1 when not even none is enough."""
    odds = math.log(wrong_at_most) - math.log1p(-wrong_at_most)
    term, total = kept * math.log1p(-wrong_at_most), 0.0
    for wrong in range(kept + 1):
        total += math.exp(term)
        if total > level:
            return wrong - 1
        term += math.log((kept - wrong) / (wrong + 1)) + odds if wrong < kept else 0.0
    return kept


def binomial_tail(wrong: int, kept: int, rate: float) -> float:
    """P(at most `wrong` of `kept`) when each is wrong with chance `rate`, exact up to rounding."""
    if wrong < 0:
        return 0.0
    if wrong >= kept or rate <= 0:
        return 1.0
    if rate >= 1:
        return 0.0
    logs = [
        _log_choose(kept, k) + k * math.log(rate) + (kept - k) * math.log1p(-rate) for k in range(wrong + 1)
    ]
    top = max(logs)
    return min(1.0, math.exp(top + math.log(math.fsum(math.exp(x - top) for x in logs))))


def hoeffding_bentkus(mean: float, kept: int, rate: float) -> float:
    """A p-value for "the expected loss is above `rate`" from the mean of `kept` losses in 0..1."""
    hoeffding = math.exp(-kept * _divergence(min(mean, rate), rate))
    bentkus = math.e * binomial_tail(math.ceil(kept * mean - 1e-9), kept, rate)
    return min(1.0, hoeffding, bentkus)


def _walk(sure: Sequence[float], ends: Sequence[int], promise: Promise) -> list[int]:
    """How many to keep, in the order of testing: from the count whose test looks likeliest to pass, by the claimed P(right)
    alone, towards more. Empty when there are too few answers for any promise."""
    fit = [count for count in ends if count >= promise.fewest]
    if not fit:
        return []
    if len(fit) > STEPS:
        fit = sorted({fit[round(at * (len(fit) - 1) / (STEPS - 1))] for at in range(STEPS)})
    expected, total, margins = 0.0, [0.0], {}
    for p in sure:
        expected += 1 - min(max(p, 0.0), 1.0)
        total.append(expected)
    for count in fit:
        room = allowed(count, promise.wrong_at_most, promise.level)
        spread = math.sqrt(max(total[count], 0.25))
        margins[count] = (room + 0.5 - total[count]) / spread
    start = max(fit, key=lambda count: (margins[count], -count))
    return [count for count in fit if count >= start]


def _ends(sure: Sequence[float]) -> list[int]:
    """Counts at which a threshold can cut: equal scores are kept together."""
    return [at for at in range(1, len(sure) + 1) if at == len(sure) or sure[at] < sure[at - 1]]


def _divergence(a: float, b: float) -> float:
    """Of two coins, in nats."""
    first = a * math.log(a / b) if a > 0 else 0.0
    return first + ((1 - a) * math.log((1 - a) / (1 - b)) if a < 1 else 0.0)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
