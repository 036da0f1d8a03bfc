"""How good the answers are, what they cost and what has changed: values of the quality page, out of rows of closed words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from statistics import median

from cloud.observe.shares import Change, Share
from tidegate.ids import DeviceId

DAYS = 14
DAY_S = 86_400.0
HALF_S = DAYS / 2 * DAY_S


class End(StrEnum):
    """What became of an escalation. Closed; the order is that of the chart, from the bottom."""

    RELEASED = "released"  # all checks passed and nobody was asked
    PERSON = "person"  # a person released or wrote the answer
    WAITING = "waiting"
    TURNED_DOWN = "turned_down"  # by a person, by a rule, or nobody decided in time


@dataclass(frozen=True, slots=True)
class CaseFact:
    """One escalation in closed words. `held`: why it was held, empty when it never was; `waited_s`: until a person decided."""

    at: float
    device: DeviceId
    why: str
    end: End
    held: str = ""
    decision: str = ""
    waited_s: float | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What one model's released answers read and wrote."""

    model: str
    answers: int
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Day:
    name: str
    counts: Mapping[End, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What people did with the cases that were held for one reason. `unchanged`: proposals they let through as they were."""

    held: str
    approved: int
    edited: int
    rejected: int

    @property
    def unchanged(self) -> Share:
        return Share(self.approved, self.approved + self.edited + self.rejected)


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure of the last week against the week before. `worse`: +1 when more of it is worse, -1 when less is, 0: neither."""

    name: str
    change: Change
    worse: int = 0

    @property
    def sign(self) -> str:
        if not self.change.moved:
            return "same"
        if not self.worse:
            return "moved"
        return "worse" if self.change.difference * self.worse > 0 else "better"


@dataclass(frozen=True, slots=True)
class Insight:
    """The page. `cut`: there were more escalations than were looked at."""

    days: tuple[Day, ...]
    reviewed: tuple[Reviewed, ...]
    costs: tuple[Cost, ...]
    changes: tuple[Measured, ...]
    alone: Share
    typical_wait_s: float | None
    devices: int
    cut: bool = False

    @property
    def total(self) -> int:
        return sum(day.total for day in self.days)

    @property
    def waiting(self) -> int:
        return sum(day.counts.get(End.WAITING, 0) for day in self.days)

    @property
    def moved(self) -> int:
        return sum(one.change.moved for one in self.changes)


def insight(facts: Sequence[CaseFact], costs: Sequence[Cost], now: float, *, cut: bool = False) -> Insight:
    """Everything the page shows. `facts`: of the last DAYS days."""
    waits = [fact.waited_s for fact in facts if fact.waited_s is not None]
    return Insight(
        days=_days(facts, now),
        reviewed=_reviewed(facts),
        costs=tuple(sorted(costs, key=lambda one: -one.answers)),
        changes=_changes(facts, now),
        alone=Share(sum(fact.end is End.RELEASED for fact in facts), len(facts)),
        typical_wait_s=median(waits) if waits else None,
        devices=len({fact.device for fact in facts}),
        cut=cut,
    )


def _days(facts: Iterable[CaseFact], now: float) -> tuple[Day, ...]:
    counts: dict[str, Counter[End]] = {
        _day(now - back * DAY_S): Counter() for back in range(DAYS - 1, -1, -1)
    }
    for fact in facts:
        if _day(fact.at) in counts:
            counts[_day(fact.at)][fact.end] += 1
    return tuple(Day(name, found) for name, found in counts.items())


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%m-%d")


def _reviewed(facts: Iterable[CaseFact]) -> tuple[Reviewed, ...]:
    counts = Counter((fact.held, fact.decision) for fact in facts if fact.held and fact.decision)
    found = (
        Reviewed(held, counts[held, "approve"], counts[held, "edit"], counts[held, "reject"])
        for held in sorted({held for held, _ in counts})
    )
    return tuple(sorted(found, key=lambda one: -one.unchanged.of))


def _changes(facts: Sequence[CaseFact], now: float) -> tuple[Measured, ...]:
    """Shares of the last week beside the week before."""
    late = [fact for fact in facts if fact.at >= now - HALF_S]
    early = [fact for fact in facts if fact.at < now - HALF_S]
    decided, before = ([fact for fact in half if fact.decision] for half in (late, early))
    found = [
        Measured("answered without a person", _change(late, early, lambda one: one.end is End.RELEASED), -1),
        Measured("held for a person", _change(late, early, lambda one: bool(one.held)), 1),
        Measured(
            "held because a check failed", _change(late, early, lambda one: one.held == "failed_check"), 1
        ),
        Measured("held as suspicious", _change(late, early, lambda one: one.held == "suspect_input"), 1),
        Measured(
            "changed or turned down by a person",
            _change(decided, before, lambda one: one.decision != "approve"),
            1,
        ),
    ]
    found += [Measured(why, _change(late, early, _by(why))) for why in sorted({fact.why for fact in facts})]
    return tuple(found)


def _by(why: str) -> Callable[[CaseFact], bool]:
    return lambda one: one.why == why


def _change(
    late: Sequence[CaseFact], early: Sequence[CaseFact], is_one: Callable[[CaseFact], bool]
) -> Change:
    return Change(Share(sum(map(is_one, late)), len(late)), Share(sum(map(is_one, early)), len(early)))
