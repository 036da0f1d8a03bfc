"""A month of operation made up from a seed: questions drift, audits come late or not at all, auditors err. Pure.

What is drawn is known to the simulation and not to the watch, so that one sees whether the promise really held.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tidegate.risk.fit import Floats
from tidegate.risk.monitor import Answered, Effect, Refitted, State, Watch, begin, step
from tidegate.risk.promise import ESCALATE_ALL, Kept, Promise, decide

CALIBRATION = 3_000  # outcomes that a fit is tested on


@dataclass(frozen=True, slots=True)
class World:
    """What happens. Days are counted from 1; shares in 0..1."""

    days: int = 30
    a_day: int = 1_000  # requests
    audit: float = 0.2  # chance that a kept answer is audited
    drift_day: int = 12  # from then on a new kind of question comes in; beyond `days`: never
    drift: float = (
        0.15  # its share of the requests; right half as often as a fit that does not know it claims
    )
    delay: int = 0  # days until an audit is back
    missed: float = 0.0  # share of wrong answers that an audit takes for right
    outage: tuple[int, int] = (0, 0)  # first and last day without audits
    refit_after: int = 2  # days from an alarm to a new fit on outcomes of that time; 0: never


@dataclass(frozen=True, slots=True)
class Day:
    """One day as it really was. `wrong` is the true share among the answers kept, `seen` what the audits say so far."""

    number: int
    state: State
    keep_at: float
    asked: int
    kept: int
    wrong: float
    seen: float
    events: tuple[str, ...]


def days(world: World, promise: Promise, seed: int) -> Iterator[Day]:
    """The month, day by day. The same seed gives the same month."""
    rng = np.random.default_rng(seed)
    watch = _fitted(world, promise, rng, drifted=False)
    waiting: dict[int, list[Answered]] = {}
    refit_on, learned = 0, False
    for number in range(1, world.days + 1):
        drifted = number >= world.drift_day
        events: list[str] = ["drift begins"] if number == world.drift_day else []
        if number == refit_on:
            watch = _renewed(watch, _fitted(world, promise, rng, drifted=drifted))
            learned = drifted
            events.append("new fit")
        if world.outage[0] <= number <= world.outage[1]:
            events.append("no audits")
        claimed, wrong = _requests(world, rng, world.a_day, drifted=drifted, learned=learned)
        kept = claimed >= watch.keep_at
        waiting.setdefault(number + world.delay, []).extend(_audits(world, number, wrong[kept], rng))
        state, keep_at = watch.state, watch.keep_at
        for answered in waiting.pop(number, []):
            watch, effects = step(watch, answered)
            if Effect.RAISE_ALARM in effects:
                events.append("ALARM: " + ("escalate all" if Effect.ESCALATE_ALL in effects else "keep less"))
                refit_on = number + world.refit_after if world.refit_after else 0
        share = float(wrong[kept].mean()) if kept.any() else 0.0
        seen = watch.wealth.estimate
        yield Day(number, state, keep_at, len(claimed), int(kept.sum()), share, seen, tuple(events))


def timeline(month: list[Day], promise: Promise) -> str:
    """The month drawn with characters: kept as a bar, wrong as a number, what happened beside its day."""
    lines = [f"promise: at most {100 * promise.wrong_at_most:g} % of the answers kept are wrong", ""]
    lines.append("day  state      kept                     wrong   audits say")
    for day in month:
        share = day.kept / max(day.asked, 1)
        bar = "█" * round(20 * share) + "·" * (20 - round(20 * share))
        over = "!" if day.wrong > promise.wrong_at_most else " "
        told = "  <- " + ", ".join(day.events) if day.events else ""
        lines.append(
            f"{day.number:3}  {day.state.value:9}  {bar} {100 * share:3.0f} %  {100 * day.wrong:5.2f} %{over} {100 * day.seen:5.2f} %{told}"
        )
    return "\n".join([*lines, "", verdict(month, promise)])


def verdict(month: list[Day], promise: Promise) -> str:
    """What the month came to, with nothing left out."""
    kept = sum(day.kept for day in month)
    wrong = sum(day.kept * day.wrong for day in month)
    alarms = [day.number for day in month if any(e.startswith("ALARM") for e in day.events)]
    share = wrong / kept if kept else 0.0
    held = "held" if share <= promise.wrong_at_most else "was broken"
    rang = f"the alarm rang on day {', '.join(map(str, alarms))}" if alarms else "no alarm rang"
    asked = max(sum(day.asked for day in month), 1)
    return (
        f"over the month the promise {held}: {wrong:.0f} of {kept} answers kept were wrong ({100 * share:.2f} %);"
        f" {100 * kept / asked:.0f} % of the requests were kept; {rang}"
    )


def _requests(
    world: World, rng: np.random.Generator, count: int, *, drifted: bool, learned: bool
) -> tuple[Floats, Floats]:
    """What is claimed of each request and whether its answer is wrong. `learned`: the fit knows the new kind of question."""
    usual = rng.beta(2.0, 0.2, count)
    new = (rng.random(count) < world.drift) & drifted
    right = np.where(new, usual / 2, usual)
    return right if learned else usual, (rng.random(count) > right).astype(np.float64)


def _audits(world: World, number: int, wrong: Floats, rng: np.random.Generator) -> list[Answered]:
    """What the watch gets to see of the answers kept. In an outage nothing is chosen, and nothing is claimed to be right."""
    chosen, missed = rng.random(len(wrong)) < world.audit, rng.random(len(wrong)) < world.missed
    if world.outage[0] <= number <= world.outage[1]:
        return []
    found = wrong * ~missed
    return [
        Answered(float(w) if picked else None, world.audit) for w, picked in zip(found, chosen, strict=True)
    ]


def _fitted(world: World, promise: Promise, rng: np.random.Generator, *, drifted: bool) -> Watch:
    claimed, wrong = _requests(world, rng, CALIBRATION, drifted=drifted, learned=drifted)
    found = decide(claimed.tolist(), wrong.tolist(), promise)
    surer = ESCALATE_ALL
    if isinstance(found, Kept):
        # After an alarm the surer half is kept; nothing but a new fit can say more.
        surer = float(np.quantile(claimed[claimed >= found.keep_at], 0.5))
    return begin(promise, keep_at=found.keep_at, tighter=max(surer, found.keep_at), floor=world.audit)


def _renewed(watch: Watch, fresh: Watch) -> Watch:
    after, _ = step(watch, Refitted(fresh.keep_at, fresh.tighter))
    return after


def feasible(world: World) -> bool:
    """Whether a world can be drawn: whole days, shares within 0..1, a chance of audit above 0."""
    shares = (world.drift, world.missed, world.audit)
    return (
        world.days > 0
        and world.a_day > 0
        and all(0 <= s <= 1 and math.isfinite(s) for s in shares)
        and world.audit > 0
    )
