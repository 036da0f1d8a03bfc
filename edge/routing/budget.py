"""What has been spent, what may be, and what happens at the end of it. Pure.

Scopes: one conversation, one application in a day, the device in a day. Kinds: money (what the cloud charges), tokens (that
the cloud reads and writes), joules (that the device spends on drafts: an estimate, tokens times a set figure), bytes (that
leave while the way out is metered; a day's).

A day is a calendar day of the device's own clock. A clock that jumps renews nothing: see `turn`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

JUMP_S = 3600.0  # more than this between the clock and the time that passed: it was set, not waited for


class Scope(StrEnum):
    CONVERSATION = "conversation"
    APPLICATION = "application"
    DAY = "day"


class Kind(StrEnum):
    MONEY = "money"
    TOKENS = "tokens"
    JOULES = "joules"


class WhenSpent(StrEnum):
    """What becomes of requests when a budget for the cloud has ended.

    `best-so-far`: what would be drafted here is drafted here and kept whatever its confidence, marked degraded; what has to go
    is refused. `local-only`: as if there were no cloud: also what should have gone is drafted here. `refuse`: all are refused
    until the budget is renewed, save those that must stay on the device anyway.
    """

    BEST_SO_FAR = "best-so-far"
    LOCAL_ONLY = "local-only"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Spent:
    """An amount of each kind. Money in the operator's own currency."""

    money: float = 0.0
    tokens: int = 0
    joules: float = 0.0
    bytes: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.money + other.money,
            self.tokens + other.tokens,
            self.joules + other.joules,
            self.bytes + other.bytes,
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """The most of each kind; None: as much as it takes."""

    money: float | None = None
    tokens: int | None = None
    joules: float | None = None


@dataclass(frozen=True, slots=True)
class Rates:
    """What things cost. `joules_per_token` is a guess that the operator can replace by a measurement."""

    money_per_1k_prompt: float = 0.0
    money_per_1k_completion: float = 0.0
    joules_per_token: float = 0.05

    def asking(self, prompt_tokens: int, completion_tokens: int, size: int = 0) -> Spent:
        """The cloud's answer."""
        money = (
            prompt_tokens * self.money_per_1k_prompt + completion_tokens * self.money_per_1k_completion
        ) / 1000
        return Spent(money, prompt_tokens + completion_tokens, bytes=size)

    def drafting(self, prompt_tokens: int, completion_tokens: int) -> Spent:
        """A draft of the device, kept or not."""
        return Spent(joules=(prompt_tokens + completion_tokens) * self.joules_per_token)


@dataclass(frozen=True, slots=True)
class End:
    """Which budget has ended, or would with this request."""

    scope: Scope
    kind: Kind


def ends(
    spent: Mapping[Scope, Spent], limits: Mapping[Scope, Limits], about: Spent, kinds: tuple[Kind, ...]
) -> End | None:
    """The first budget, the narrowest scope first, that `about` more would overdraw. A limit of 0 allows nothing."""
    return next(
        (
            End(scope, kind)
            for scope in Scope
            for kind in kinds
            for most in _most(limits.get(scope, Limits()), kind)
            if _over(_amount(spent.get(scope, Spent()), kind), _amount(about, kind), most)
        ),
        None,
    )


CLOUD = (Kind.MONEY, Kind.TOKENS)
LOCAL = (Kind.JOULES,)


def _over(spent: float, about: float, most: float) -> bool:
    """Whether it is spent, or would be by what comes; a request about to cost nothing is let through to the very end."""
    return spent >= most if about == 0 else spent + about > most


def _amount(spent: Spent, kind: Kind) -> float:
    match kind:
        case Kind.MONEY:
            return spent.money
        case Kind.TOKENS:
            return float(spent.tokens)
        case Kind.JOULES:
            return spent.joules


def _most(limits: Limits, kind: Kind) -> Iterator[float]:
    found = {Kind.MONEY: limits.money, Kind.TOKENS: limits.tokens, Kind.JOULES: limits.joules}[kind]
    if found is not None:
        yield float(found)


@dataclass(frozen=True, slots=True)
class Day:
    """The day that is being spent from. `wall` and `mono`: the two clocks when it was last looked at."""

    date: str  # "2026-11-24"
    wall: float
    mono: float


class Turn(StrEnum):
    """What the look at the clocks says about the day's spending."""

    SAME = "same"
    FRESH = "fresh"  # midnight has passed: begin at nothing
    CARRIED = "carried"  # the clock was set: the new day begins with what the old one had spent


def turn(day: Day, date: str, *, wall: float, mono: float) -> tuple[Day, Turn]:
    """The day now, by a running device. A date that the time passed cannot explain renews nothing."""
    after = Day(date, wall, mono)
    if date == day.date:
        return after, Turn.SAME
    passed, claimed = mono - day.mono, wall - day.wall
    honest = date > day.date and abs(claimed - passed) <= JUMP_S
    return after, Turn.FRESH if honest else Turn.CARRIED


def resume(day: Day, date: str, *, wall: float, mono: float) -> tuple[Day, Turn]:
    """The same after a restart: how long the device was off is not known, so a later date is believed, an earlier one not."""
    after = Day(date, wall, mono)
    if date == day.date:
        return after, Turn.SAME
    return after, Turn.FRESH if date > day.date else Turn.CARRIED
