"""A recorded day, decided again under other settings: what would have moved, what it would have cost, which answers would have
changed. Pure: rows and settings in, counts out; nothing is asked and nothing is generated.

What cannot be known is said. A request that was never drafted has no P(right): where the new settings would draft it, it is
"not known", and is shared out as the drafted ones of its kind were. A request that never reached the cloud has no token count
there: it is priced by the mean of those that did (else by its own length).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from statistics import fmean
from typing import assert_never

from edge.ports import Source, State
from edge.routing.budget import CLOUD, LOCAL, Limits, Rates, Scope, Spent, WhenSpent, ends
from edge.routing.plan import EscalateNow, Facts, Refuse, StayLocal, TryLocal, Why, plan
from edge.routing.record import Record
from tidegate.engines.port import Finish
from tidegate.risk.task import Task

HOURS = 24
_ANSWER_TOKENS = 128  # of a cloud that was never asked all day


class By(StrEnum):
    """Who answers."""

    DEVICE = "device"
    CLOUD = "cloud"
    NOBODY = "nobody"
    UNKNOWN = "unknown"  # would be drafted, and never was


@dataclass(frozen=True, slots=True)
class Row:
    """One request as the journal has it; without text."""

    request_id: str
    application: str
    conversation: str
    hour: int  # of the day, by the device's clock
    state: State
    source: Source
    why: Why
    latency_ms: float
    prompt_tokens: int
    completion_tokens: int
    record: Record


Change = Callable[[Facts], Facts]


@dataclass(frozen=True, slots=True)
class Other:
    """Settings to try. None: as it was. `changes` are made to what was known of each request; `limits` replace all budgets."""

    keep_at: float | None = None
    changes: tuple[Change, ...] = ()
    limits: Mapping[Scope, Limits] | None = None
    when_spent: WhenSpent | None = None
    rates: Rates = field(default_factory=Rates)
    deadline_s: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """`drafts`: the local model writes, whoever answers in the end."""

    by: By
    why: Why
    drafts: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """A request that somebody else would have answered."""

    request_id: str
    task: Task
    was: Outcome
    now: Outcome
    p_right: float | None


@dataclass(slots=True)
class Tally:
    """A day's sums. `wrong`: expected among the drafts kept, by their P(right). Those not known are shared out in `kept`."""

    by: Counter[By] = field(default_factory=Counter)
    kept: float = 0.0
    asked: float = 0.0
    wrong: float = 0.0
    money: float = 0.0
    joules: float = 0.0
    seconds: float = 0.0
    hours: list[float] = field(default_factory=lambda: [0.0] * HOURS)  # asked of the cloud, by hour


@dataclass(frozen=True, slots=True)
class Replay:
    """`faithful`: rows where deciding again under the settings of that day gives what was written down."""

    rows: int
    faithful: int
    before: Tally
    after: Tally
    moved: tuple[Moved, ...]
    ways: Mapping[tuple[By, By, Why], int]


@dataclass(frozen=True, slots=True)
class Means:
    """Of the recorded day: what a cloud's answer takes, and how often drafts of a kind are kept from a threshold on."""

    tokens: tuple[float, float] | None
    cloud_s: float
    device_s: float
    sure: Mapping[Task, Sequence[float]]  # in order

    def kept(self, task: Task, keep_at: float) -> float:
        """0..1; a half where no draft of that kind was ever judged."""
        seen = self.sure.get(task, ())
        return 1 - bisect_left(seen, keep_at) / len(seen) if seen else 0.5


def replayed(rows: Sequence[Row], other: Other) -> Replay:
    """The day under `other`, beside the day as it was."""
    means = _means(rows)
    before, after = Tally(), Tally()
    moved: list[Moved] = []
    faithful = 0
    bill = _Bill(other)
    for row in rows:
        was = decide(row.record)
        changed = bill.changed(row, means)
        now = in_time(row, decide(changed), other.deadline_s)
        faithful += was.by is recorded(row)
        _count(before, row, was, row.record, means, other.rates)
        _count(after, row, now, changed, means, other.rates)
        bill.spend(row, now, means)
        if now.by is not was.by:
            task = row.record.facts.world.task.task
            moved.append(Moved(row.request_id, task, was, now, row.record.p_right))
    ways = Counter((one.was.by, one.now.by, one.now.why) for one in moved)
    return Replay(len(rows), faithful, before, after, tuple(moved), dict(ways.most_common()))


def decide(record: Record) -> Outcome:
    """Who answers, by what was known: the plan, and the verdict on the draft where there was one."""
    match plan(record.facts):
        case Refuse(why):
            return Outcome(By.NOBODY, why)
        case StayLocal(why):
            passed = record.finish is Finish.PASS
            return Outcome(By.NOBODY if passed else By.DEVICE, why, drafts=True)
        case EscalateNow(why):
            return Outcome(By.CLOUD, why)
        case TryLocal(ask):
            return _tried(record, ask=ask)
        case other:
            assert_never(other)


def _tried(record: Record, *, ask: bool) -> Outcome:
    match record.finish:
        case None:
            return Outcome(By.UNKNOWN, Why.UNSURE, drafts=True)
        case Finish.PASS:
            why = Why.PASSED
        case Finish.LENGTH:
            why = Why.INVALID_DRAFT
        case Finish.STOP | Finish.TOOL_CALLS:
            sure = record.p_right is not None and record.p_right >= record.keep_at
            why = Why.CONFIDENT if sure else Why.UNSURE
        case other:
            assert_never(other)
    if why is Why.CONFIDENT:
        return Outcome(By.DEVICE, why, drafts=True)
    return Outcome(By.NOBODY if ask else By.CLOUD, Why.CONSENT_NEEDED if ask else why, drafts=True)


def in_time(row: Row, found: Outcome, deadline_s: float | None) -> Outcome:
    """The same where the cloud's answer came before the deadline; else the device's draft, or nothing yet. An answer that never
    came from the cloud has no time there: it is left as it is."""
    late = deadline_s is not None and row.source is Source.CLOUD and row.latency_ms / 1000 > deadline_s
    if found.by is not By.CLOUD or not late:
        return found
    usable = row.record.finish in (Finish.STOP, Finish.TOOL_CALLS)
    return replace(found, by=By.DEVICE if usable else By.NOBODY, why=Why.CLOUD_SLOW)


def recorded(row: Row) -> By:
    """Who was to answer, as written down. A degraded answer with a reason to escalate was given while the cloud was away."""
    if row.state in (State.HELD, State.QUEUED) or row.source is Source.CLOUD:
        return By.CLOUD
    if row.state is State.REFUSED or row.source is Source.NOBODY:
        return By.NOBODY
    waited = row.state is State.DEGRADED and row.why in _LEAVES
    return By.CLOUD if waited or row.why is Why.LINK_DOWN else By.DEVICE


_LEAVES = frozenset({Why.UNSURE, Why.PASSED, Why.INVALID_DRAFT, Why.PREFERRED, Why.KNOWN_TO_FAIL})


class _Bill:
    """What the changed day has spent so far: budgets depend on what came before."""

    def __init__(self, other: Other) -> None:
        self._other = other
        self._spent: dict[tuple[Scope, str], Spent] = {}

    def changed(self, row: Row, means: Means) -> Record:
        """The record as it would have been under the other settings."""
        other, record = self._other, row.record
        facts = record.facts
        for change in other.changes:
            facts = change(facts)
        if other.limits is not None:
            facts = self._budgeted(facts, row, other.limits, means)
        keep_at = record.keep_at if other.keep_at is None else other.keep_at
        same = facts is record.facts and keep_at == record.keep_at
        return record if same else replace(record, facts=facts, keep_at=keep_at)

    def spend(self, row: Row, now: Outcome, means: Means) -> None:
        if self._other.limits is None:
            return
        asked = now.by is By.CLOUD
        cost = _asking(row, means, self._other.rates) if asked else Spent()
        cost += _drafting(row.record, self._other.rates) if now.drafts else Spent()
        for key in _accounts(row):
            self._spent[key] = self._spent.get(key, Spent()) + cost

    def _budgeted(self, facts: Facts, row: Row, limits: Mapping[Scope, Limits], means: Means) -> Facts:
        spent = {key[0]: self._spent.get(key, Spent()) for key in _accounts(row)}
        rates = self._other.rates
        budget = replace(
            facts.world.budget,
            cloud=ends(spent, limits, _asking(row, means, rates), CLOUD),
            local=ends(spent, limits, _drafting(row.record, rates), LOCAL),
            when_spent=self._other.when_spent or facts.world.budget.when_spent,
        )
        return replace(facts, world=replace(facts.world, budget=budget))


def _accounts(row: Row) -> tuple[tuple[Scope, str], ...]:
    return (
        (Scope.CONVERSATION, row.conversation),
        (Scope.APPLICATION, row.application),
        (Scope.DAY, ""),
    )


def _count(tally: Tally, row: Row, found: Outcome, record: Record, means: Means, rates: Rates) -> None:
    """Adds one request to the sums of a day."""
    tally.by[found.by] += 1
    task = record.facts.world.task.task
    unknown = found.by is By.UNKNOWN
    local = means.kept(task, record.keep_at) if unknown else float(found.by is By.DEVICE)
    away = 1 - local if unknown else float(found.by is By.CLOUD)
    tally.kept += local
    tally.asked += away
    tally.hours[row.hour % HOURS] += away
    if found.by is By.DEVICE and record.p_right is not None:
        tally.wrong += 1 - record.p_right
    tally.money += away * _asking(row, means, rates).money
    tally.joules += _drafting(record, rates).joules if found.drafts else 0.0
    tally.seconds += away * means.cloud_s + local * means.device_s


def _asking(row: Row, means: Means, rates: Rates) -> Spent:
    """What the cloud's answer cost, or would have."""
    if row.source is Source.CLOUD and row.state is State.ANSWERED:
        return rates.asking(row.prompt_tokens, row.completion_tokens)
    prompt, written = means.tokens or (row.record.facts.prompt_tokens, _ANSWER_TOKENS)
    return rates.asking(round(prompt), round(written))


def _drafting(record: Record, rates: Rates) -> Spent:
    return rates.drafting(record.facts.prompt_tokens, record.written)


def _means(rows: Sequence[Row]) -> Means:
    cloud = [row for row in rows if row.source is Source.CLOUD and row.state is State.ANSWERED]
    device = [row.latency_ms for row in rows if row.source is Source.DEVICE]
    sure: dict[Task, list[float]] = {}
    for row in rows:
        record = row.record
        if record.finish is not None and record.p_right is not None:
            usable = record.finish in (Finish.STOP, Finish.TOOL_CALLS)
            sure.setdefault(record.facts.world.task.task, []).append(record.p_right if usable else 0.0)
    return Means(
        tokens=(fmean(r.prompt_tokens for r in cloud), fmean(r.completion_tokens for r in cloud))
        if cloud
        else None,
        cloud_s=fmean(row.latency_ms for row in cloud) / 1000 if cloud else 0.0,
        device_s=fmean(device) / 1000 if device else 0.0,
        sure={task: sorted(seen) for task, seen in sure.items()},
    )


def hours(found: Replay) -> Iterator[tuple[int, float, float]]:
    """(hour, asked of the cloud as it was, asked under the other settings)."""
    return (
        (at, was, now)
        for at, (was, now) in enumerate(zip(found.before.hours, found.after.hours, strict=True))
    )
