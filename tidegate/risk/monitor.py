"""Watching a promise in operation: audits say when it is broken, at whatever moment one looks. Pure; no clock, no dice.

A wealth that starts at 1 bets against the promise with every answer kept (testing by betting, Shafer 2021; Waudby-Smith &
Ramdas 2024). While the promise holds it is a supermartingale, so by Ville's inequality it ever reaches 1/level with a chance
of at most `level`, however long and however often one looks. An audited answer counts by the inverse of the chance with
which it was chosen, so that answers audited more often do not weigh more.

A breach may begin at any time. Half of the wealth bets on fixed rates from the start; the other half bets on the share that was
wrong lately, as it was before the answer at hand, and only while that is above the promise: so it is not yet lost when
things go wrong late.

        state       alarm                              new fit
  KEEPING           TIGHTENED, keeps the surer half    KEEPING
  TIGHTENED         STOPPED, escalates everything      KEEPING
  STOPPED           stays                              KEEPING

Nothing but a new fit lowers the threshold again. Both watches together spend the promise's level and no more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from tidegate.errors import BadRequest
from tidegate.risk.promise import ESCALATE_ALL, Promise

RATES = (1.7, 2.8, 6.0)  # fixed bets: the wrong share supposed, as a multiple of what was promised
LATELY = (20.0, 80.0)  # audits over which a bettor remembers
FIRST = 0.8  # of the level is for the first threshold, the rest for the tighter one


@dataclass(frozen=True, slots=True)
class Bettor:
    """Money on the rate seen lately; `mean` is that rate, audits weighed by inverse chance, older ones fading."""

    money: float
    mean: float
    memory: float


@dataclass(frozen=True, slots=True)
class Wealth:
    """The bets so far: one per supposed rate, and the bettors who go by what they saw. Total 1 at the start."""

    fixed: tuple[float, ...]
    bettors: tuple[Bettor, ...]
    answers: int = 0
    audits: int = 0
    wrong: float = 0.0  # audited wrong answers, each by the inverse of its chance

    @property
    def total(self) -> float:
        return sum(self.fixed) + sum(bettor.money for bettor in self.bettors)

    @property
    def estimate(self) -> float:
        """The wrong share among the answers kept, as the audits show it; unbiased, and rough while audits are few."""
        return min(self.wrong / self.answers, 1.0) if self.answers else 0.0


def stake() -> Wealth:
    """The wealth before the first answer."""
    bettors = tuple(Bettor(0.5 / len(LATELY), 0.0, memory) for memory in LATELY)
    return Wealth((0.5 / len(RATES),) * len(RATES), bettors)


def bet(wealth: Wealth, *, promised: float, floor: float, wrong: float | None, chance: float) -> Wealth:
    """The wealth after one more answer that was kept. `wrong`: 0 right .. 1 wrong by its audit, None when not audited;
    `chance`: with which this answer was to be audited; `floor`: the least such chance of any answer, fixed beforehand.

    Raises BadRequest when `chance` is below `floor`: the bet could lose more than there is.
    """
    if not 0 < floor <= chance <= 1:
        raise BadRequest(f"an audit chance of {chance:g} is not between {floor:g} and 1", code="bad_audit")
    found = 0.0 if wrong is None else wrong / chance
    return Wealth(
        tuple(
            money * (1 + _size(rate * promised, promised, floor) * (found - promised))
            for money, rate in zip(wealth.fixed, RATES, strict=True)
        ),
        tuple(_went(bettor, found, promised, floor) for bettor in wealth.bettors),
        wealth.answers + 1,
        wealth.audits + (wrong is not None),
        wealth.wrong + found,
    )


def _went(bettor: Bettor, found: float, promised: float, floor: float) -> Bettor:
    stake_now = _size(bettor.mean, promised, floor) if bettor.mean > promised else 0.0
    mean = bettor.mean + (found - bettor.mean) * floor / bettor.memory
    return Bettor(bettor.money * (1 + stake_now * (found - promised)), mean, bettor.memory)


def _size(supposed: float, promised: float, floor: float) -> float:
    """The bet that grows fastest when the share wrong is `supposed`, above `promised`, and all audits have chance `floor`."""
    likely = min(supposed, 0.5 + promised / 2)
    return floor * (likely - promised) / (promised * (1 - floor * promised))


class State(StrEnum):
    KEEPING = "keeping"
    TIGHTENED = "tightened"
    STOPPED = "stopped"


class Effect(StrEnum):
    """What the caller has to do, once."""

    RAISE_ALARM = "raise_alarm"
    KEEP_LESS = "keep_less"
    ESCALATE_ALL = "escalate_all"


@dataclass(frozen=True, slots=True)
class Watch:
    """A promise being watched. `tighter`: the threshold after a first alarm; `level`: what this watch may still spend."""

    promise: Promise
    keep_at: float
    tighter: float
    floor: float
    level: float
    state: State = State.KEEPING
    wealth: Wealth = stake()  # noqa: RUF009  a frozen value


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer was kept: see `bet`."""

    wrong: float | None
    chance: float


@dataclass(frozen=True, slots=True)
class Refitted:
    """A new fit with a promise of its own is in place."""

    keep_at: float
    tighter: float


def begin(promise: Promise, *, keep_at: float, tighter: float, floor: float) -> Watch:
    """A watch from now on. FIRST of the promise's level is for the first threshold, the rest for a tighter one.

    Raises BadRequest: `tighter` keeps more than `keep_at`, or `floor` is no chance.
    """
    if tighter < keep_at or not 0 < floor <= 1:
        raise BadRequest("a watch needs a tighter threshold and an audit chance above 0", code="bad_watch")
    stopped = keep_at > 1
    level = FIRST * promise.level
    return Watch(promise, keep_at, tighter, floor, level, State.STOPPED if stopped else State.KEEPING)


def step(watch: Watch, event: Answered | Refitted) -> tuple[Watch, tuple[Effect, ...]]:
    """The watch after an event, and what is to be done. While STOPPED, answers change nothing."""
    match event:
        case Refitted(keep_at, tighter):
            return begin(watch.promise, keep_at=keep_at, tighter=tighter, floor=watch.floor), ()
        case Answered(wrong, chance):
            if watch.state is State.STOPPED:
                return watch, ()
            promised = watch.promise.wrong_at_most
            wealth = bet(watch.wealth, promised=promised, floor=watch.floor, wrong=wrong, chance=chance)
            seen = replace(watch, wealth=wealth)
            return _alarmed(seen) if wealth.total >= 1 / watch.level else (seen, ())
        case other:
            assert_never(other)


def _alarmed(watch: Watch) -> tuple[Watch, tuple[Effect, ...]]:
    if watch.state is State.KEEPING and watch.keep_at < watch.tighter <= 1:
        tightened = replace(
            watch,
            state=State.TIGHTENED,
            keep_at=watch.tighter,
            level=watch.promise.level - watch.level,
            wealth=stake(),
        )
        return tightened, (Effect.RAISE_ALARM, Effect.KEEP_LESS)
    stopped = replace(watch, state=State.STOPPED, keep_at=ESCALATE_ALL)
    return stopped, (Effect.RAISE_ALARM, Effect.ESCALATE_ALL)
