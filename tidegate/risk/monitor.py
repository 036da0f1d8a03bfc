"""Watching a promise in operation: audits say when it is broken, at whatever moment one looks. Pure; no clock, no dice.

A wealth that starts at 1 bets against the promise with every answer that is drawn for an audit (testing by betting, Shafer
2021; Waudby-Smith & Ramdas 2024). With w = 0 right .. 1 wrong, a the share promised and c the chance with which the answer was
drawn, a stake s that was fixed before multiplies the wealth by 1 + s (w - a) / c when it is drawn, and by 1 when it is not. Over
the draw that is 1 + s (w - a), so while at most a of the answers are wrong, whatever came before, the mean is at most 1: the wealth
is a supermartingale, stays above 0 (s < c / a), and by Ville's inequality (1939) ever reaches 1/level with a chance of at most
`level`, however long and however often one looks. A sum of such bets, with money shared out beforehand, is such a bet. Answers that
are audited more often do not weigh more, and those nobody drew cost nothing.

Verdicts come late, and in another order than the answers. So what is staked on an answer is fixed when it is drawn (`Slip`); until
its verdict is there it counts as if it were right, which can only make the wealth smaller than it will be. At any moment the wealth
shown is therefore at most that of a watch that saw all verdicts at once, and reaches 1/level no more often.

A breach may begin at any time. A tenth of the wealth bets on fixed rates from the start; the rest bets on the share that was
wrong lately, as it was before the answer at hand, and only while that is above the promise: so it is not yet lost when
things go wrong late. Each bets what grows fastest when its rate is the true one (Kelly 1956): for a rate r a wrong answer
multiplies by r/a, a right one by (1 - r)/(1 - a), as the likelihood ratio does that an oracle who knows r would use.

        state       alarm                              new fit
  KEEPING           TIGHTENED, keeps the surer half    KEEPING
  TIGHTENED         STOPPED, escalates everything      KEEPING
  STOPPED           stays                              KEEPING

Nothing but a new fit lowers the threshold again. Each watch has the whole level, and both together ring a false alarm with no
more chance than that, because the second begins only when the first has rung (tests in a fixed sequence: Maurer, Hothorn &
Lehmacher 1995): if the promise holds at the first threshold, any false alarm begins with the first watch's; if it does not, that
alarm is true, and only the second watch's can be false.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from tidegate.errors import BadRequest
from tidegate.risk.promise import ESCALATE_ALL, Promise

RATES = (1.7, 2.8, 6.0)  # fixed bets: the wrong share supposed, as a multiple of what was promised
LATELY = (30.0, 60.0)  # audits over which a bettor remembers
FIXED = 0.1  # of the wealth is bet on fixed rates: what is lost there before a breach begins is not there to find it


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


def bet(
    wealth: Wealth, *, promised: float, floor: float, wrong: float | None, chance: float, drawn: bool = False
) -> Wealth:
    """The wealth after one more answer that was kept. `wrong`: 0 right .. 1 wrong by its audit, None when there is no verdict;
    `chance`: with which this answer was to be audited; `floor`: the least such chance of any answer, fixed beforehand; `drawn`: it
    was drawn for an audit whose verdict is still to come.

    Raises BadRequest when `chance` is below `floor`: the bet could lose more than there is.
    """
    if not 0 < floor <= chance <= 1:
        raise BadRequest(f"an audit chance of {chance:g} is not between {floor:g} and 1", code="bad_audit")
    if wrong is None and not drawn:
        return replace(wealth, answers=wealth.answers + 1)
    on, found = slip(wealth, promised=promised, floor=floor, chance=chance), wrong or 0.0
    bettors = [
        replace(bettor, money=bettor.money * _factor(size, found, promised, chance))
        for bettor, size in zip(wealth.bettors, on.bettors, strict=True)
    ]
    return Wealth(
        tuple(m * _factor(s, found, promised, chance) for m, s in zip(wealth.fixed, on.fixed, strict=True)),
        tuple(bettors if wrong is None else (_taught(bettor, wrong) for bettor in bettors)),
        wealth.answers + 1,
        wealth.audits + (wrong is not None),
        wealth.wrong + found / chance,
    )


@dataclass(frozen=True, slots=True)
class Slip:
    """What was staked on an answer that was drawn for an audit: by the fixed bets, then by the bettors. `by_draw`: only drawn
    answers count; False in the slips of releases in which every answer counted, as right until its verdict."""

    fixed: tuple[float, ...]
    bettors: tuple[float, ...]
    chance: float
    by_draw: bool = False


def slip(wealth: Wealth, *, promised: float, floor: float, chance: float) -> Slip:
    """The stakes on the next answer."""
    return Slip(
        tuple(_size(rate * promised, promised, floor) for rate in RATES),
        tuple(_staked(bettor, promised, floor) for bettor in wealth.bettors),
        chance,
        by_draw=True,
    )


def settled(wealth: Wealth, drawn: Slip, *, promised: float, wrong: float) -> Wealth:
    """The wealth when the verdict on an answer is there, which had counted as right since it was drawn."""

    def made_good(size: float) -> float:
        if not drawn.by_draw:
            return (1 + size * (wrong / drawn.chance - promised)) / (1 - size * promised)
        return _factor(size, wrong, promised, drawn.chance) / _factor(size, 0.0, promised, drawn.chance)

    bettors = tuple(
        _taught(replace(bettor, money=bettor.money * made_good(size)), wrong)
        for bettor, size in zip(wealth.bettors, drawn.bettors, strict=True)
    )
    fixed = tuple(money * made_good(size) for money, size in zip(wealth.fixed, drawn.fixed, strict=True))
    return Wealth(fixed, bettors, wealth.answers, wealth.audits + 1, wealth.wrong + wrong / drawn.chance)


def _factor(size: float, wrong: float, promised: float, chance: float) -> float:
    """What a stake makes of money when the answer was drawn; above 0 because no stake reaches floor/promised."""
    return 1 + size * (wrong - promised) / chance


def _staked(bettor: Bettor, promised: float, floor: float) -> float:
    return _size(bettor.mean, promised, floor) if bettor.mean > promised else 0.0


def _taught(bettor: Bettor, wrong: float) -> Bettor:
    """After a verdict: only verdicts move the rate seen lately, so that it does not sink while they are on their way."""
    return replace(bettor, mean=bettor.mean + (wrong - bettor.mean) / bettor.memory)


def _size(supposed: float, promised: float, floor: float) -> float:
    """The stake that grows fastest when the share wrong is `supposed`, above `promised`, and all audits have chance `floor`."""
    likely = min(supposed, 0.5 + promised / 2)
    return floor * (likely - promised) / (promised * (1 - promised))


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
    """A promise being watched. `tighter`: the threshold after a first alarm; `level`: of this watch."""

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
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """The verdict on an answer that was kept as `Answered(None, ..., drawn=True)`. 0 right .. 1 wrong."""

    wrong: float
    slip: Slip


@dataclass(frozen=True, slots=True)
class Refitted:
    """A new fit with a promise of its own is in place."""

    keep_at: float
    tighter: float


def begin(promise: Promise, *, keep_at: float, tighter: float, floor: float) -> Watch:
    """A watch from now on, at the promise's level.

    Raises BadRequest: `tighter` keeps more than `keep_at`, or `floor` is no chance.
    """
    if tighter < keep_at or not 0 < floor <= 1:
        raise BadRequest("a watch needs a tighter threshold and an audit chance above 0", code="bad_watch")
    stopped = keep_at > 1
    return Watch(promise, keep_at, tighter, floor, promise.level, State.STOPPED if stopped else State.KEEPING)


def drawn(watch: Watch) -> Slip:
    """To be asked before the answer counts: what is staked on it."""
    return slip(watch.wealth, promised=watch.promise.wrong_at_most, floor=watch.floor, chance=watch.floor)


def step(watch: Watch, event: Answered | Heard | Refitted) -> tuple[Watch, tuple[Effect, ...]]:
    """The watch after an event, and what is to be done. While STOPPED, answers change nothing."""
    match event:
        case Refitted(keep_at, tighter):
            return begin(watch.promise, keep_at=keep_at, tighter=tighter, floor=watch.floor), ()
        case Answered(wrong, chance, drawn):
            if watch.state is State.STOPPED:
                return watch, ()
            promised = watch.promise.wrong_at_most
            wealth = bet(
                watch.wealth, promised=promised, floor=watch.floor, wrong=wrong, chance=chance, drawn=drawn
            )
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
            level=watch.promise.level,
            wealth=stake(),
        )
        return tightened, (Effect.RAISE_ALARM, Effect.KEEP_LESS)
    stopped = replace(watch, state=State.STOPPED, keep_at=ESCALATE_ALL)
    return stopped, (Effect.RAISE_ALARM, Effect.ESCALATE_ALL)
