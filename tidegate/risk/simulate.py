"""A month of operation made up from a seed: questions drift, audits come late or not at all, auditors err. Pure.

What is drawn is known to the simulation and not to the watch, so that one sees whether the promise really held. Who keeps the
promise is a port: the rules alone (`Rules`), or the keeper of a device over its real tables (edge.promise.month).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tidegate.risk.fit import Floats
from tidegate.risk.held_out import HeldOut
from tidegate.risk.monitor import Answered, Heard, Refitted, Slip, State, Watch, begin, step
from tidegate.risk.monitor import drawn as slip_of
from tidegate.risk.promise import Promise
from tidegate.risk.terms import tested

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
class Wanted:
    """Which month."""

    world: World
    promise: Promise
    seed: int


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


class Keeping(Protocol):
    """Who keeps the promise."""

    @property
    def state(self) -> State: ...

    @property
    def keep_at(self) -> float: ...

    @property
    def seen(self) -> float:
        """The wrong share that the audits show so far."""
        ...

    def fitted(self, outcomes: HeldOut) -> None:
        """A new fit, tested on these outcomes, is in place."""
        ...

    def kept(self, p_right: float, *, drawn: bool) -> None:
        """An answer was kept, and drawn for an audit or not."""
        ...

    def heard(self, *, wrong: bool) -> None:
        """The verdict on the one that was drawn longest ago."""
        ...


class Rules:
    """The rules alone."""

    def __init__(self, promise: Promise, audit: float) -> None:
        self._promise, self._audit = promise, audit
        self._watch: Watch | None = None
        self._watch_no = 0
        self._slips: deque[tuple[int, Slip]] = deque()

    @property
    def watch(self) -> Watch:
        if self._watch is None:
            raise ValueError("nothing has been fitted yet")
        return self._watch

    @property
    def state(self) -> State:
        return self.watch.state

    @property
    def keep_at(self) -> float:
        return self.watch.keep_at

    @property
    def seen(self) -> float:
        return self.watch.wealth.estimate

    def fitted(self, outcomes: HeldOut) -> None:
        on = tested(outcomes, self._promise)
        if self._watch is None:
            self._watch = begin(self._promise, keep_at=on.keep_at, tighter=on.tighter, floor=self._audit)
        else:
            self._watch, _ = step(self._watch, Refitted(on.keep_at, on.tighter))
            self._watch_no += 1

    def kept(self, p_right: float, *, drawn: bool) -> None:
        if drawn:
            self._slips.append((self._watch_no, slip_of(self.watch)))
        self._watch, _ = step(self.watch, Answered(None, self._audit, drawn))

    def heard(self, *, wrong: bool) -> None:
        number, slip = self._slips.popleft()
        if number != self._watch_no:
            return  # it was kept under a threshold that is no longer in use
        self._watch, effects = step(self.watch, Heard(float(wrong), slip))
        self._watch_no += bool(effects)


def days(world: World, promise: Promise, seed: int, keeping: Keeping | None = None) -> Iterator[Day]:
    """The month, day by day. The same seed gives the same month, whoever keeps the promise."""
    rng = np.random.default_rng(seed)
    keeper: Keeping = keeping if keeping is not None else Rules(promise, world.audit)
    keeper.fitted(_fitted(world, rng, drifted=False))
    waiting: dict[int, list[bool]] = {}
    refit_on, learned = 0, False
    for number in range(1, world.days + 1):
        drifted = number >= world.drift_day
        events: list[str] = ["drift begins"] if number == world.drift_day else []
        if number == refit_on:
            keeper.fitted(_fitted(world, rng, drifted=drifted))
            learned = drifted
            events.append("new fit")
        out = world.outage[0] <= number <= world.outage[1]
        if out:
            events.append("no audits")
        claimed, wrong = _requests(world, rng, world.a_day, drifted=drifted, learned=learned)
        state, keep_at = keeper.state, keeper.keep_at
        back = waiting.setdefault(number + world.delay, [])
        dice = rng.random((2, world.a_day))
        kept = np.zeros(world.a_day, dtype=np.bool_)
        for at, p in enumerate(map(float, claimed)):
            kept[at] = p >= keeper.keep_at
            drawn = bool(kept[at]) and not out and dice[0, at] < world.audit
            if kept[at] and not out:
                keeper.kept(p, drawn=drawn)
            if drawn:
                back.append(bool(wrong[at]) and dice[1, at] >= world.missed)
            if back and world.delay == 0:
                refit_on = _heard(keeper, back, events, number, world) or refit_on
        refit_on = _heard(keeper, waiting.pop(number, []), events, number, world) or refit_on
        share = float(wrong[kept].mean()) if kept.any() else 0.0
        yield Day(number, state, keep_at, len(claimed), int(kept.sum()), share, keeper.seen, tuple(events))


def _heard(keeper: Keeping, back: list[bool], events: list[str], number: int, world: World) -> int:
    """Takes all verdicts that are back. The day of the next fit when an alarm rang, else 0."""
    refit_on = 0
    while back:
        before = keeper.state
        keeper.heard(wrong=back.pop(0))
        if keeper.state is not before:
            events.append("ALARM: " + ("escalate all" if keeper.state is State.STOPPED else "keep less"))
            refit_on = number + world.refit_after if world.refit_after else 0
    return refit_on


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
    read = [
        "kept: of all requests. wrong: really wrong among those kept that day; !: more than promised.",
        "audits say: the estimate that the checks of some give, since the last fit or alarm.",
    ]
    return "\n".join([*lines, "", *read, "", verdict(month, promise)])


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


def _fitted(world: World, rng: np.random.Generator, *, drifted: bool) -> HeldOut:
    """Outcomes of that time, which the fit has not seen."""
    claimed, wrong = _requests(world, rng, CALIBRATION, drifted=drifted, learned=drifted)
    return HeldOut(tuple(map(float, claimed)), tuple(map(float, wrong)))


def feasible(world: World) -> bool:
    """Whether a world can be drawn: whole days, shares within 0..1, a chance of audit above 0."""
    shares = (world.drift, world.missed, world.audit)
    return (
        world.days > 0
        and world.a_day > 0
        and all(0 <= s <= 1 and math.isfinite(s) for s in shares)
        and world.audit > 0
    )
