"""What the device has spent and may still spend: the running totals, in memory and on disk. Rules are in edge.routing.budget.

What the cloud cost is on disk before its answer is used. What drafts cost (an estimate) is written with it, or every ten
seconds: a power cut may lose that much of it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from edge.routing.budget import (
    CLOUD,
    LOCAL,
    Day,
    Limits,
    Rates,
    Scope,
    Spent,
    Turn,
    WhenSpent,
    ends,
    resume,
    turn,
)
from edge.routing.world import BudgetSignal
from edge.store.spend import Account, SpendStore
from edge.uplink.spool import Entry
from tidegate.chat import Usage
from tidegate.clock import Clock, local_day, until_tomorrow
from tidegate.errors import Exhausted
from tidegate.logs import Log

FLUSH_S = 10.0
_OPEN = 1024  # totals kept in memory
_USUAL_TOKENS = 128.0  # of an answer, until some were seen
_FADE = 0.05
_BYTES_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Terms:
    """What may be spent, what things cost, and what happens at the end. `metered_bytes`: a day's; None: no bound."""

    limits: Mapping[Scope, Limits] = field(default_factory=dict)
    rates: Rates = field(default_factory=Rates)
    when_spent: WhenSpent = WhenSpent.BEST_SO_FAR
    metered_bytes: int | None = None


class Purse:
    """Implements `edge.uplink.carry.Meter`. From any thread. `terms` gives those in force: settings change in flight."""

    def __init__(self, store: SpendStore, clock: Clock, terms: Callable[[], Terms]) -> None:
        self._store, self._clock, self._terms = store, clock, terms
        self._totals: OrderedDict[Account, Spent] = OrderedDict()
        self._dirty: set[Account] = set()
        self._flushed = clock.mono()
        self._usual = _USUAL_TOKENS
        self._log = Log("edge.purse")
        self._lock = threading.RLock()
        self._day = self._resumed()

    def signal(
        self, conversation: str, application: str, prompt_tokens: int, max_tokens: int
    ) -> BudgetSignal:
        """What the budgets say to a request of that size."""
        terms = self._terms()
        rates = terms.rates
        with self._lock:
            self._turned()
            if self._dirty and self._clock.mono() - self._flushed >= FLUSH_S:
                self._write()
            written = int(min(self._usual, max_tokens))
            asking, drafting = rates.asking(prompt_tokens, written), rates.drafting(prompt_tokens, written)
            spent = {
                account.scope: self._total(account) for account in self._accounts(conversation, application)
            }
        day = spent[Scope.DAY]
        return BudgetSignal(
            cloud=ends(spent, terms.limits, asking, CLOUD),
            local=ends(spent, terms.limits, drafting, LOCAL),
            when_spent=terms.when_spent,
            price=asking.money,
            joules=drafting.joules,
            day_money=day.money,
            day_tokens=day.tokens,
            day_joules=day.joules,
            renews_s=until_tomorrow(self._clock.now()),
        )

    def drafted(self, conversation: str, application: str, usage: Usage) -> None:
        """A draft was written here, kept or not."""
        self._spend(
            conversation,
            application,
            self._terms().rates.drafting(usage.prompt_tokens, usage.completion_tokens),
        )

    def answered(self, entry: Entry, usage: Usage) -> None:
        """The cloud has answered: what that cost is on disk when this returns, if the disk has room."""
        self._usual += _FADE * (usage.completion_tokens - self._usual)
        cost = self._terms().rates.asking(usage.prompt_tokens, usage.completion_tokens)
        self._spend(entry.conversation, entry.billed, cost)
        self.flush()

    def affords(self, entry: Entry) -> bool:
        """See `edge.uplink.carry.Meter`; the tokens of its text are guessed from its bytes."""
        read, written = len(entry.payload) // _BYTES_PER_TOKEN, int(self._usual)
        return self.signal(entry.conversation, entry.billed, read, written).cloud is None

    def sent(self, entry: Entry, size: int) -> None:
        """Bytes go out over a metered way."""
        self._spend(entry.conversation, entry.billed, Spent(bytes=size))

    def metered_left(self) -> int | None:
        """Bytes of today's allowance over a metered way; None without a bound."""
        most = self._terms().metered_bytes
        if most is None:
            return None
        with self._lock:
            self._turned()
            return max(most - self._total(Account(Scope.DAY, "", self._day.date)).bytes, 0)

    def flush(self) -> None:
        """Writes down what is not on disk yet. A full disk is said, and tried again with the next."""
        with self._lock:
            self._turned()
            self._write()

    def _spend(self, conversation: str, application: str, cost: Spent) -> None:
        with self._lock:
            self._turned()
            for account in self._accounts(conversation, application):
                self._totals[account] = self._total(account) + cost
                self._dirty.add(account)

    def _accounts(self, conversation: str, application: str) -> tuple[Account, ...]:
        date = self._day.date
        return (
            Account(Scope.CONVERSATION, conversation, ""),
            Account(Scope.APPLICATION, application, date),
            Account(Scope.DAY, "", date),
        )

    def _total(self, account: Account) -> Spent:
        if account not in self._totals:
            self._totals[account] = self._store.get(account)
            if len(self._totals) > _OPEN:
                self._drop_oldest()
        self._totals.move_to_end(account)
        return self._totals[account]

    def _drop_oldest(self) -> None:
        oldest = next(iter(self._totals))
        if oldest in self._dirty:
            self._write()
        if oldest not in self._dirty:  # else the disk is full: rather too much memory than a forgotten bill
            del self._totals[oldest]

    def _write(self) -> None:
        self._flushed = self._clock.mono()
        if not self._dirty:
            return
        try:
            self._store.put([(account, self._totals[account]) for account in self._dirty], self._day)
        except Exhausted as error:
            self._log.error("spending_not_written", error)
        else:
            self._dirty.clear()

    def _resumed(self) -> Day:
        now, mono = self._clock.now(), self._clock.mono()
        before = self._store.day()
        if before is None:
            return Day(local_day(now), now, mono)
        day, told = resume(before, local_day(now), wall=now, mono=mono)
        self._carry(before.date, day.date, told)
        return day

    def _turned(self) -> None:
        """Midnight, or a clock that was set."""
        now, mono = self._clock.now(), self._clock.mono()
        before = self._day
        self._day, told = turn(before, local_day(now), wall=now, mono=mono)
        if told is not Turn.SAME:
            self._write_as(before)
            self._carry(before.date, self._day.date, told)

    def _write_as(self, day: Day) -> None:
        now, self._day = self._day, day
        self._write()
        self._day = now

    def _carry(self, before: str, after: str, told: Turn) -> None:
        if told is not Turn.CARRIED:
            return
        self._log.warning("clock_was_set", state=told)
        known = dict(self._store.of(before)) | {a: s for a, s in self._totals.items() if a.date == before}
        for account, spent in known.items():
            moved = replace(account, date=after)
            self._totals[moved] = _more(self._total(moved), spent)
            self._dirty.add(moved)


def _more(one: Spent, other: Spent) -> Spent:
    return Spent(
        max(one.money, other.money),
        max(one.tokens, other.tokens),
        max(one.joules, other.joules),
        max(one.bytes, other.bytes),
    )
