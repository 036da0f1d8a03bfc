"""Whether promises hold, what they cost in answers kept, and how soon a broken one is noticed. Seeded; made-up outcomes.

The population: P(right) by a beta distribution (most answers are surely right, a tail is not), outcomes drawn by it, claimed
exactly. A breach: the kept share of the whole population is wrong more often than promised.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from scripts.evaluation.intervals import middle, wilson
from scripts.evaluation.rows import Bar, Row, Unit
from tidegate.risk.fit import Floats
from tidegate.risk.monitor import Answered, Watch, begin, step
from tidegate.risk.promise import Kept, Promise, decide

LEVELS = (0.01, 0.02, 0.05, 0.10)
POPULATION, CALIBRATION = 50_000, 3_000
SHAPE = (2.0, 0.25)


def promise_rows(draws: int) -> Iterator[Row]:
    """Breaches, and the coverage beside the best threshold known only in hindsight."""
    rng = np.random.default_rng(20_261_124)
    sure = rng.beta(*SHAPE, POPULATION)
    wrong = (rng.random(POPULATION) > sure).astype(np.float64)
    order = np.argsort(-sure)
    cut, share = sure[order], np.cumsum(wrong[order]) / np.arange(1, POPULATION + 1)
    for level in LEVELS:
        breaches, kept = _resampled(sure, wrong, (cut, share), Promise(level), draws, rng)
        best = float(np.flatnonzero(share <= level)[-1] + 1) / POPULATION
        note = f"{CALIBRATION} outcomes each; {100 * best:.0f} % could be kept in hindsight"
        yield Row(
            "promise",
            f"breaches at {100 * level:g} %",
            wilson(breaches, draws),
            Unit.SHARE,
            Bar(0.05, at_least=False),
            note,
        )
        ratios = middle([x / best for x in kept])
        yield Row(
            "promise",
            f"coverage of hindsight's at {100 * level:g} %",
            ratios,
            Unit.SHARE,
            Bar(0.85),
            "median",
        )


def _resampled(
    sure: Floats,
    wrong: Floats,
    curve: tuple[Floats, Floats],
    promise: Promise,
    draws: int,
    rng: np.random.Generator,
) -> tuple[int, list[float]]:
    cut, share = curve
    breaches, kept = 0, []
    for _ in range(draws):
        rows = rng.integers(0, len(sure), CALIBRATION)
        found = decide(sure[rows].tolist(), wrong[rows].tolist(), promise)
        if not isinstance(found, Kept):
            kept.append(0.0)
            continue
        count = int(np.searchsorted(-cut, -found.keep_at, side="right"))
        kept.append(count / len(sure))
        breaches += share[count - 1] > promise.wrong_at_most
    return breaches, kept


def watch_rows(runs: int) -> Iterator[Row]:
    """False alarms when the promise just holds, and audits until a breach is found."""
    rng = np.random.default_rng(5)
    promise, floor = Promise(0.02), 0.1
    false = sum(alarm(promise, floor, [0.02] * 10_000, rng)[0] >= 0 for _ in range(runs))
    yield Row(
        "watch", "false alarms over 10,000 answers", wilson(false, runs), Unit.SHARE, Bar(0.05, at_least=False),
        "2 % promised, exactly 2 % wrong, 10 % audited",
    )  # fmt: skip
    for times in (2, 3, 5):
        rate = times * promise.wrong_at_most
        for late in (0, 3_000):
            rates = [promise.wrong_at_most / 2] * late + [rate] * 30_000
            needed = [alarm(promise, floor, rates, rng)[1] - late * floor for _ in range(max(runs // 4, 5))]
            oracle = oracle_audits(promise, rate)
            name = f"audits against the oracle's, {100 * rate:g} % wrong" + (
                f" from answer {late:,} on" if late else ""
            )
            ratio = middle([n / oracle for n in needed])
            yield Row(
                "watch",
                name,
                ratio,
                Unit.SCORE,
                Bar(2.0, at_least=False),
                f"oracle, knowing rate and moment: {oracle:.0f}",
            )


def oracle_audits(promise: Promise, rate: float) -> float:
    """Audits that the likelihood-ratio test needs on average, which knows the rate and when it began (Wald 1945)."""
    alpha = promise.wrong_at_most
    gain = rate * math.log(rate / alpha) + (1 - rate) * math.log((1 - rate) / (1 - alpha))
    return math.log(1 / promise.level) / gain


def alarm(promise: Promise, floor: float, rates: list[float], rng: np.random.Generator) -> tuple[int, int]:
    """The answer at which the alarm rang (-1: never), and the audits until then."""
    now: Watch = begin(promise, keep_at=0.5, tighter=0.9, floor=floor)
    audited, dice = rng.random(len(rates)) < floor, rng.random(len(rates))
    for at, rate in enumerate(rates):
        now, effects = step(now, Answered(float(dice[at] < rate) if audited[at] else None, floor))
        if effects:
            return at, int(audited[: at + 1].sum())
    return -1, int(audited.sum())
