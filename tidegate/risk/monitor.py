"""Watching a promise in operation: audits say when it is broken, at whatever moment one looks. Pure; no clock, no dice.

A wealth that starts at 1 bets against the promise with every answer kept (testing by betting, Shafer 2021; Waudby-Smith &
Ramdas 2024). While the promise holds it is a supermartingale, so by Ville's inequality it ever reaches 1/level with a chance
of at most `level`, however long and however often one looks. An audited answer counts by the inverse of the chance with
which it was chosen, so that answers audited more often do not weigh more.

Verdicts come late, and in another order than the answers. So what is staked on an answer is fixed when it is kept (`Slip`); until
its verdict is there it counts as if it were right, which can only make the wealth smaller than it will be. At any moment the wealth
shown is therefore at most that of a watch that saw all verdicts at once, and reaches 1/level no more often.

A breach may begin at any time. A fifth of the wealth bets on fixed rates from the start; the rest bets on the share that was
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
LATELY = (20.0, 60.0)  # audits over which a bettor remembers
FIXED = 0.2  # of the wealth is bet on fixed rates: what is lost there before a breach begins is not there to find it
FIRST = 0.8  # of the level is for the first threshold, the rest for the tighter one


@dataclass(frozen=True, slots=True)
class Bettor:
    """Money on the rate seen lately; `mean` is that rate among audited answers, older ones fading."""

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
    bettors = tuple(Bettor((1 - FIXED) / len(LATELY), 0.0, memory) for memory in LATELY)
    return Wealth((FIXED / len(RATES),) * len(RATES), bettors)


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
        tuple(_went(bettor, found, promised, floor, wrong) for bettor in wealth.bettors),
        wealth.answers + 1,
        wealth.audits + (wrong is not None),
        wealth.wrong + found,
    )


@dataclass(frozen=True, slots=True)
class Slip:
    """What was staked on an answer that was drawn for an audit: by the fixed bets, then by the bettors."""

    fixed: tuple[float, ...]
    bettors: tuple[float, ...]
    chance: float


def slip(wealth: Wealth, *, promised: float, floor: float, chance: float) -> Slip:
    """The stakes on the next answer."""
    return Slip(
        tuple(_size(rate * promised, promised, floor) for rate in RATES),
        tuple(_staked(bettor, promised, floor) for bettor in wealth.bettors),
        chance,
    )


def settled(wealth: Wealth, drawn: Slip, *, promised: float, wrong: float) -> Wealth:
    """The wealth when the verdict on an answer is there, which had counted as right since it was kept."""
    found = wrong / drawn.chance
    fixed = [m * _made_good(s, found, promised) for m, s in zip(wealth.fixed, drawn.fixed, strict=True)]
    bettors = tuple(
        _taught(bettor, bettor.money * _made_good(stake_then, found, promised), wrong)
        for bettor, stake_then in zip(wealth.bettors, drawn.bettors, strict=True)
    )
    return Wealth(tuple(fixed), bettors, wealth.answers, wealth.audits + 1, wealth.wrong + found)


def _made_good(stake_then: float, found: float, promised: float) -> float:
    return (1 + stake_then * (found - promised)) / (1 - stake_then * promised)


def _staked(bettor: Bettor, promised: float, floor: float) -> float:
    return _size(bettor.mean, promised, floor) if bettor.mean > promised else 0.0


def _went(bettor: Bettor, found: float, promised: float, floor: float, wrong: float | None) -> Bettor:
    money = bettor.money * (1 + _staked(bettor, promised, floor) * (found - promised))
    return replace(bettor, money=money) if wrong is None else _taught(bettor, money, wrong)


def _taught(bettor: Bettor, money: float, wrong: float) -> Bettor:
    """After a verdict: only verdicts move the rate seen lately, so that it does not sink while they are on their way."""
    return Bettor(money, bettor.mean + (wrong - bettor.mean) / bettor.memory, bettor.memory)


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
class Heard:
    """The verdict on an answer that was drawn, and counted as `Answered(None, ...)` when it was kept. 0 right .. 1 wrong."""

    wrong: float
    slip: Slip


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


def drawn(watch: Watch) -> Slip:
    """To be asked before the answer counts: what is staked on it."""
    return slip(watch.wealth, promised=watch.promise.wrong_at_most, floor=watch.floor, chance=watch.floor)


def step(watch: Watch, event: Answered | Heard | Refitted) -> tuple[Watch, tuple[Effect, ...]]:
    """The watch after an event, and what is to be done. While STOPPED, answers change nothing."""
    match event:
        case Refitted(keep_at, tighter):
            return begin(watch.promise, keep_at=keep_at, tighter=tighter, floor=watch.floor), ()
        case Answered(wrong, chance):
            if watch.state is State.STOPPED:
                return watch, ()
            promised = watch.promise.wrong_at_most
            wealth = bet(watch.wealth, promised=promised, floor=watch.floor, wrong=wrong, chance=chance)
            return _looked(replace(watch, wealth=wealth))
        case Heard(wrong, then):
            if watch.state is State.STOPPED:
                return watch, ()
            promised = watch.promise.wrong_at_most
            wealth = settled(watch.wealth, then, promised=promised, wrong=wrong)
            return _looked(replace(watch, wealth=wealth))
        case other:
            assert_never(other)


def _looked(watch: Watch) -> tuple[Watch, tuple[Effect, ...]]:
    return _alarmed(watch) if watch.wealth.total >= 1 / watch.level else (watch, ())


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
